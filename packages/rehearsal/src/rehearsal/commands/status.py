"""`status`: show one execution, replayed from its journal."""

from __future__ import annotations

import json

import click

from rehearsal import program_name
from rehearsal.commands.completion_types import EXECUTION_ARGUMENT
from rehearsal.commands.context import resolve_execution, with_workspace
from rehearsal.deploy import failed_deployment
from rehearsal.engine.state import journal
from rehearsal.engine.state.journal import INTERRUPTED
from rehearsal.views import history_table, traffic
from rehearsal.views.execution_view import replay, stages_as_json
from rehearsal.views.terminal import rows, terminal
from rehearsal.workspace.artifact_zips import artifacts
from rehearsal.workspace.layout import Workspace


@click.command()
@EXECUTION_ARGUMENT
@click.option("--json", "as_json", is_flag=True, help="Print it as a JSON object instead.")
@with_workspace
def status(space: Workspace, execution_id: str | None, *, as_json: bool) -> int:
    """Show an execution, the latest unless ID names another: every stage and action. Exit 1 if it went red."""
    if execution_id is None and space.latest() is None and not as_json and not failed_deployment.read(space):
        click.echo(f"nothing was rehearsed yet: `{program_name.command_name()} run`")
        return 0
    events = journal.read(space.journal(resolve_execution(space, execution_id)))
    view = replay(events)
    alive = space.server() is not None
    ended = history_table.status_of(view, alive=alive)
    if as_json:
        value = history_table.as_json(view, alive=alive) | {"stages": stages_as_json(view)}
        value["traffic"] = traffic.as_json(traffic.shifts(space, view))
        value["artifacts"] = {
            name: str(path.relative_to(space.root)) for name, path in artifacts(space, events).items()
        }
        click.echo(json.dumps(value, indent=2))
    else:
        console = terminal()
        console.print(rows(view))
        for shift in traffic.shifts(space, view):
            console.print(f"Traffic: {shift}", soft_wrap=True)
        console.print(f"{ended} {view.summary}".strip(), soft_wrap=True)
    return 1 if ended in {"Failed", "Stopped", INTERRUPTED} else 0
