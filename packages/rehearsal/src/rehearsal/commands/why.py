"""`why`: print the root cause of a failed execution."""

from __future__ import annotations

import click

from rehearsal.commands.completion_types import EXECUTION_ARGUMENT
from rehearsal.commands.context import resolve_execution, with_workspace
from rehearsal.commands.output import AS_JSON, print_json
from rehearsal.engine.state.journal import INTERRUPTED
from rehearsal.views import history_table
from rehearsal.views import why as view_of_why
from rehearsal.views.execution_view import load_execution_view
from rehearsal.views.terminal import terminal
from rehearsal.workspace.layout import Workspace

RED = {"Failed", "Stopped", INTERRUPTED}


@click.command()
@EXECUTION_ARGUMENT
@AS_JSON
@with_workspace
def why(space: Workspace, execution_id: str | None, *, as_json: bool) -> int:
    """Say why an execution is red: the first error, where it is, and the next command. Exit 1 if it is red.

    It is the latest execution unless ID names another.
    """
    view = load_execution_view(space, resolve_execution(space, execution_id))
    status, causes = history_table.status_of(view, alive=space.server() is not None), view_of_why.causes(space, view)
    if as_json:
        print_json(view_of_why.as_json(view, status, causes))
    else:
        console = terminal()
        view_of_why.print_causes(console, causes)
        if not causes:
            console.print(f"no action failed: {status} {view.summary}".strip(), markup=False, soft_wrap=True)
    return 1 if status in RED else 0
