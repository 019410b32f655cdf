"""The summary at the end of a run: stages, responses of functions, causes of a failure, what was not emulated."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rehearsal.deploy.bootstrap_record import grants_administrator_access, late_bootstraps
from rehearsal.emulator.functions.cold_starts import ColdStart, ColdStartRecord
from rehearsal.host.atomic_write import write_json
from rehearsal.project.function_calls import FunctionResponse
from rehearsal.shortened_text import shorten
from rehearsal.views import traffic, why
from rehearsal.views.execution_view import ExecutionView, stages_as_json
from rehearsal.views.json_shapes import RunJson
from rehearsal.views.not_emulated import not_emulated
from rehearsal.views.terminal import STYLES, rows
from rehearsal.views.traffic import Shift
from rehearsal.workspace.build_area import found_above
from rehearsal.workspace.layout import Workspace
from rehearsal.workspace.resource_notes import resource_notes


@dataclass(frozen=True)
class RunSummary:
    """The summary of a run that has just ended.

    views: its executions, the last one at the end. responses: those of the deployed functions. seconds: its duration.
    iam: whether policies were enforced.
    """

    space: Workspace
    views: Sequence[ExecutionView]
    responses: Sequence[FunctionResponse]
    seconds: float
    iam: bool

    def show(self, console: Console) -> None:
        """Print the summary, and write what was not emulated to the file that the web console reads."""
        view = self.views[-1]
        console.print(rows(view))
        if self.responses:
            console.print(_response_table(self.responses))
        if self._cold_starts:
            console.print(_cold_start_table(self._cold_starts))
        for shift in self._shifts:
            console.print(f"Traffic: {shift}", soft_wrap=True)
        if causes := why.causes(self.space, view):
            console.print()
            why.print_causes(console, causes)
        console.print("Not emulated:", style="dim")
        for difference in self._not_emulated:
            console.print(f"  {difference}", style="dim", soft_wrap=True, markup=False)
        verdict = Text(view.status, STYLES.get(view.status, "red"))
        summary = f": {view.summary}" if view.summary else ""
        console.print(Text.assemble(verdict, f" in {self.seconds:.0f} s", summary), soft_wrap=True)
        self.space.logs.mkdir(parents=True, exist_ok=True)
        write_json(self.space.not_emulated, {"execution_id": view.id, "not_emulated": self._not_emulated})

    def as_json(self) -> RunJson:
        """Return the result as `run --json` writes it: the last execution, and the ids of earlier ones.

        Contract: docs/rehearsal/json.md.
        """
        *earlier, last = self.views
        return {
            "execution_id": last.id,
            "status": last.status,
            "wall_seconds": round(self.seconds, 2),
            "earlier": [{"execution_id": view.id, "status": view.status} for view in earlier],
            "stages": stages_as_json(last),
            "invocations": [
                {
                    "environment": response.environment,
                    "account": response.account,
                    "function": response.function,
                    "ok": response.ok,
                }
                for response in self.responses
            ],
            "cold_starts": [asdict(cold_start) for cold_start in self._cold_starts],
            "traffic": traffic.as_json(self._shifts),
            "not_emulated": self._not_emulated,
        }

    @cached_property
    def _cold_starts(self) -> list[ColdStart]:
        return ColdStartRecord(self.space.cold_starts).latest()

    @cached_property
    def _shifts(self) -> list[Shift]:
        return traffic.shifts(self.space, self.views[-1])

    @cached_property
    def _not_emulated(self) -> list[str]:
        differences = not_emulated(
            self.views[-1],
            resource_notes(self.space),
            iam=self.iam,
            administrators=grants_administrator_access(self.space),
            bootstrapped=late_bootstraps(self.space),
            above=found_above(self.space.builds),
            functions=bool(self._cold_starts),
        )
        return [*differences, *traffic.pace(self.space, self._shifts)]


def _response_table(responses: Sequence[FunctionResponse]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("Environment", "Account"):
        table.add_column(column, no_wrap=True)
    table.add_column("Function", overflow="fold")
    table.add_column("", no_wrap=True)
    table.add_column("Answer", overflow="fold")
    for response in responses:
        verdict = Text("ok", "green") if response.ok else Text("failed", "red")
        text = shorten(_one_line(response.text))
        table.add_row(response.environment, response.account, response.function, verdict, text)
    return table


def _one_line(text: str) -> str:
    try:
        return json.dumps(json.loads(text))
    except ValueError:
        return " ".join(text.split())


def _cold_start_table(cold_starts: Sequence[ColdStart]) -> Table:
    """Return a row per cold start. Compiled: the number of modules that had no valid bytecode."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Cold start of", overflow="fold")
    table.add_column("Account", no_wrap=True)
    for column in ("Init ms", "First call ms", "Compiled", "Memory MB"):
        table.add_column(column, justify="right", no_wrap=True)
    for cold_start in cold_starts:
        numbers = (
            f"{cold_start.init_ms:.0f}",
            f"{cold_start.first_call_ms:.0f}",
            f"{cold_start.compiled}",
            f"{cold_start.memory_mb}",
        )
        table.add_row(cold_start.function, cold_start.account, *numbers)
    return table
