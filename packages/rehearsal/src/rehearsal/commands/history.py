"""`history`: every execution whose journal is kept."""

from __future__ import annotations

import json

import click

from rehearsal import program_name
from rehearsal.commands.context import with_workspace
from rehearsal.views import history_table, traffic
from rehearsal.views.execution_view import ExecutionView, load_execution_view
from rehearsal.views.terminal import terminal
from rehearsal.workspace.layout import Workspace


@click.command()
@click.option("-n", "--number", type=click.IntRange(1), default=20, show_default=True, help="How many to show.")
@click.option("--json", "as_json", is_flag=True, help="Print them as a JSON list instead.")
@with_workspace
def history(space: Workspace, number: int, *, as_json: bool) -> None:
    """List the executions, newest first: id, status, revision, start, seconds, trigger."""
    views = journaled_executions(space)[:number]
    alive = space.server() is not None
    if as_json:
        click.echo(json.dumps([_as_json(space, view, alive=alive) for view in views], indent=2))
    elif views:
        console = terminal()
        console.print(history_table.table(views, alive=alive))
        for view in views:
            for shift in traffic.failed_shifts(space, view):
                console.print(f"{view.id[:8]} traffic: {shift}", soft_wrap=True)
    else:
        click.echo(f"nothing was rehearsed yet: `{program_name.command_name()} run`")


def _as_json(space: Workspace, view: ExecutionView, *, alive: bool) -> dict[str, object]:
    shifts = traffic.as_json(traffic.shifts(space, view))
    return {**history_table.as_json(view, alive=alive), "traffic": shifts}


def journaled_executions(space: Workspace) -> list[ExecutionView]:
    """Return every execution whose journal has a first event, newest first."""
    views = [load_execution_view(space, id_) for id_ in space.newest_first()]
    return [view for view in views if view.id]
