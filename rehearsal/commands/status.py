"""`status`: one execution, replayed from its journal."""

from __future__ import annotations

import json

import click

from rehearsal import called
from rehearsal.commands.names import EXECUTION
from rehearsal.commands.project import resolve_execution, with_workspace
from rehearsal.engine import journal
from rehearsal.engine.interrupted import INTERRUPTED
from rehearsal.stored import artifacts
from rehearsal.views import executions
from rehearsal.views.state import replay, stages_as_json
from rehearsal.views.terminal import rows, terminal
from rehearsal.workspace import Workspace


@click.command()
@click.argument("wanted", metavar="[ID]", required=False, type=EXECUTION)
@click.option("--json", "as_json", is_flag=True, help="Print it as a JSON object instead.")
@with_workspace
def status(space: Workspace, wanted: str | None, *, as_json: bool) -> int:
    """Show an execution, the latest unless ID names another: every stage and action. Exit 1 if it went red."""
    if wanted is None and space.latest() is None and not as_json:
        click.echo(f"nothing was rehearsed yet: `{called.command_name()} run`")
        return 0
    events = journal.read(space.journal(resolve_execution(space, wanted)))
    view = replay(events)
    alive = space.server() is not None
    ended = executions.status_of(view, alive=alive)
    if as_json:
        told = executions.as_json(view, alive=alive) | {"stages": stages_as_json(view)}
        told["artifacts"] = {name: str(path.relative_to(space.root)) for name, path in artifacts(space, events).items()}
        click.echo(json.dumps(told, indent=2))
    else:
        console = terminal()
        console.print(rows(view))
        console.print(f"{ended} {view.summary}".strip(), soft_wrap=True)
    return 1 if ended in {"Failed", "Stopped", INTERRUPTED} else 0
