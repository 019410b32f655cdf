"""The causes of a failed execution: the root cause first, then the other failures."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypedDict

from rich.console import Console

from rehearsal import program_name
from rehearsal.cause.find_cause import find_causes
from rehearsal.cause.model import Cause, CauseJson
from rehearsal.engine.state import journal
from rehearsal.project.zipped_assembly import construct_path
from rehearsal.views.execution_view import ActionView, ExecutionView
from rehearsal.workspace.artifact_zips import artifacts
from rehearsal.workspace.layout import Workspace


class WhyJson(TypedDict):
    """The output of `why --json`; `cause` is null where no action failed. Contract: docs/rehearsal/json.md."""

    execution_id: str
    status: str
    summary: str
    cause: CauseJson | None
    also: list[CauseJson]


def causes(space: Workspace, view: ExecutionView) -> list[Cause]:
    """Return a cause for each failed action, the first failure first."""
    causes = find_causes(view.failed(), _read_log, functools.partial(_construct_path, space, view.id))
    return [dataclasses.replace(cause, log=_below(space, cause.log)) for cause in causes]


def as_json(view: ExecutionView, status: str, causes: Sequence[Cause]) -> WhyJson:
    """Return the output of `why --json`, with the first cause as the root cause."""
    return {
        "execution_id": view.id,
        "status": status,
        "summary": view.summary,
        "cause": causes[0].as_json() if causes else None,
        "also": [cause.as_json() for cause in causes[1:]],
    }


def print_causes(console: Console, causes: Sequence[Cause]) -> None:
    """Print the root cause in full, and a line for each other action that failed."""
    for cause in causes[:1]:
        _print_cause(console, cause)
    if causes[1:]:
        console.print("\nAlso failed:", markup=False)
    for cause in causes[1:]:
        where = f" at {cause.place}" if str(cause.place) else ""
        _line(console, f"  {cause.stage}/{cause.action}: {cause.message}{where}")


def _print_cause(console: Console, cause: Cause) -> None:
    name = f"{cause.stage}/{cause.action}"
    console.print(f"{name} failed: {cause.message}", style="red", markup=False, soft_wrap=True)
    if str(cause.place):
        _line(console, f"  at {cause.place}")
    if cause.command:
        _line(console, f"  in `{cause.command}`" + (f", make target {cause.part}" if cause.part else ""))
    for line in cause.lines:
        _line(console, f"  | {line}")
    for line in cause.also:
        _line(console, f"  also failed: {line}")
    if cause.missing_statement:
        _line(console, f"  missing statement: {json.dumps(cause.missing_statement)}")
    _line(console, program_name.with_command_name(f"  next: `{cause.next_command}`"))
    if cause.log:
        _line(console, f"The whole log: {cause.log}")


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _below(space: Workspace, log: str) -> str:
    """The log's path relative to the project; absolute for a copied project, whose logs are in the original."""
    return str(Path(log).relative_to(space.root)) if Path(log).is_relative_to(space.root) else log


def _read_log(action: ActionView) -> Iterator[str]:
    log = Path(action.log)
    if action.log and log.is_file():
        with log.open(errors="replace") as lines:
            for line in lines:
                yield line.rstrip("\n")


def _construct_path(space: Workspace, execution: str, stack: str, logical_id: str) -> str:
    """The construct's path, from the execution's first artifact that contains the stack."""
    zips = artifacts(space, journal.read(space.journal(execution))).values()
    return next(filter(None, (construct_path(path, stack, logical_id) for path in zips)), "")
