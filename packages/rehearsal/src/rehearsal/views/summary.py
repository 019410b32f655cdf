"""The summary at the end of a run: stages, responses of functions, causes of a failure, what was not emulated."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rehearsal.deploy.bootstrap import grants_administrator_access, late_bootstraps
from rehearsal.emulator.functions.cold_starts import ColdStart, ColdStartRecord
from rehearsal.host.atomic_write import write_json
from rehearsal.project.function_calls import FunctionResponse
from rehearsal.shortened_text import shorten
from rehearsal.views import traffic, why
from rehearsal.views.execution_view import ExecutionView, stages_as_json
from rehearsal.views.json_shapes import RunJson
from rehearsal.views.not_emulated import not_emulated
from rehearsal.views.terminal import STYLES, rows
from rehearsal.workspace.acceptances import resources
from rehearsal.workspace.build_area import found_above
from rehearsal.workspace.layout import Workspace


def show(
    console: Console,
    space: Workspace,
    view: ExecutionView,
    answers: list[FunctionResponse],
    seconds: float,
    *,
    iam: bool,
) -> None:
    console.print(rows(view))
    if answers:
        console.print(_answer_table(answers))
    if cold := ColdStartRecord(space.cold_starts).latest():
        console.print(_cold_starts(cold))
    for shift in traffic.shifts(space, view):
        console.print(f"Traffic: {shift}", soft_wrap=True)
    if causes := why.causes(space, view):
        console.print()
        why.print_causes(console, causes)
    console.print("Not emulated:", style="dim")
    for limit in limits(space, view, iam=iam):
        console.print(f"  {limit}", style="dim", soft_wrap=True, markup=False)
    verdict = Text(view.status, STYLES.get(view.status, "red"))
    console.print(
        Text.assemble(verdict, f" in {seconds:.0f} s", f": {view.summary}" if view.summary else ""), soft_wrap=True
    )


def as_json(
    space: Workspace, views: Sequence[ExecutionView], answers: Iterable[FunctionResponse], seconds: float, *, iam: bool
) -> RunJson:
    """Return the result as `run --json` writes it: the last execution, and the ids of earlier ones.

    seconds: the duration of the run. Contract: docs/rehearsal/json.md.
    """
    last = views[-1]
    return {
        "execution_id": last.id,
        "status": last.status,
        "wall_seconds": round(seconds, 2),
        "earlier": [{"execution_id": view.id, "status": view.status} for view in views[:-1]],
        "stages": stages_as_json(last),
        "invocations": [
            {"environment": answer.environment, "account": answer.account, "function": answer.function, "ok": answer.ok}
            for answer in answers
        ],
        "cold_starts": [asdict(cold_start) for cold_start in ColdStartRecord(space.cold_starts).latest()],
        "traffic": traffic.as_json(traffic.shifts(space, last)),
        "not_emulated": limits(space, last, iam=iam),
    }


def limits(space: Workspace, view: ExecutionView, *, iam: bool) -> list[str]:
    """Return what was not emulated in a run that has just ended, and write it to a file for the console."""
    differences = not_emulated(
        view,
        resources(space),
        iam=iam,
        administrators=grants_administrator_access(space),
        bootstrapped=late_bootstraps(space),
        above=found_above(space.builds),
        functions=bool(ColdStartRecord(space.cold_starts).latest()),
    )
    entries = [*differences, *traffic.pace(space, traffic.shifts(space, view))]
    space.logs.mkdir(parents=True, exist_ok=True)
    write_json(space.not_emulated, {"execution_id": view.id, "not_emulated": entries})
    return entries


def _answer_table(answers: list[FunctionResponse]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("Environment", "Account"):
        table.add_column(column, no_wrap=True)
    table.add_column("Function", overflow="fold")
    table.add_column("", no_wrap=True)
    table.add_column("Answer", overflow="fold")
    for answer in answers:
        verdict = Text("ok", "green") if answer.ok else Text("failed", "red")
        table.add_row(answer.environment, answer.account, answer.function, verdict, shorten(_one_line(answer.text)))
    return table


def _one_line(response: str) -> str:
    try:
        return json.dumps(json.loads(response))
    except ValueError:
        return " ".join(response.split())


def _cold_starts(cold: list[ColdStart]) -> Table:
    """A row per cold start. Compiled: the number of modules that had no valid bytecode."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Cold start of", overflow="fold")
    table.add_column("Account", no_wrap=True)
    for column in ("Init ms", "First call ms", "Compiled", "Memory MB"):
        table.add_column(column, justify="right", no_wrap=True)
    for cold_start in cold:
        numbers = (
            f"{cold_start.init_ms:.0f}",
            f"{cold_start.first_call_ms:.0f}",
            f"{cold_start.compiled}",
            f"{cold_start.memory_mb}",
        )
        table.add_row(cold_start.function, cold_start.account, *numbers)
    return table
