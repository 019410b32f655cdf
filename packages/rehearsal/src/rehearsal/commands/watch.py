"""`watch`: follow an execution that another command or a push has started."""

from __future__ import annotations

from pathlib import Path

import click

from rehearsal.commands.approval_answers import Verdict
from rehearsal.commands.completion_types import EXECUTION_ARGUMENT
from rehearsal.commands.context import resolve_execution, with_workspace
from rehearsal.commands.follow_to_end import follow_to_end, verdict_options
from rehearsal.commands.options import ACCEPT
from rehearsal.commands.output import JSON_FILE
from rehearsal.engine.state import journal
from rehearsal.workspace.acceptances import AcceptedFile
from rehearsal.workspace.layout import Workspace


@click.command()
@EXECUTION_ARGUMENT
@ACCEPT
@verdict_options
@JSON_FILE
@with_workspace
def watch(
    space: Workspace, execution_id: str | None, names: tuple[str, ...], verdict: Verdict | None, json_file: Path | None
) -> int:
    """Follow an execution to its end, the latest unless ID names another; an interrupt lets it go on."""
    AcceptedFile(space).add(names)
    which = resolve_execution(space, execution_id)
    return follow_to_end(space, which, verdict=verdict, json_file=json_file, end=next_end(space, which))


def next_end(space: Workspace, which: str) -> int:
    """Return the number of the execution's next end; of its last one where it has ended."""
    events = journal.read(space.journal(which))
    ended = [event["type"] for event in events].count("execution-finished")
    return ended if journal.has_ended(events) else ended + 1
