"""The summary at the end of a run."""

from __future__ import annotations

import io
import json
from pathlib import Path

from rich.console import Console

from rehearsal.emulator.functions.cold_starts import ColdStartRecord
from rehearsal.project.function_calls import FunctionResponse
from rehearsal.views.execution_view import ExecutionView
from rehearsal.views.summary import RunSummary
from rehearsal.workspace.layout import Workspace

COLD = {"account": "222222222222", "init_ms": 251.4, "compiled": 17, "modules": 300, "memory_mb": 41}


def test_each_function_has_its_latest_cold_start(tmp_path: Path) -> None:
    """The table has the latest cold start of each function: initialization, first call, compiled modules."""
    space = Workspace(tmp_path)
    space.make()
    lines = [{**COLD, "function": name, "first_call_ms": took} for name, took in (("a", 9.0), ("b", 8.0), ("a", 7.4))]
    space.cold_starts.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert [cold_start.first_call_ms for cold_start in ColdStartRecord(space.cold_starts).latest()] == [7.4, 8.0]
    printed = shown(space)
    assert ["a", "222222222222", "251", "7", "17", "41"] in printed
    assert ["b", "222222222222", "251", "8", "17", "41"] in printed


def test_a_run_without_functions_has_no_such_table(tmp_path: Path) -> None:
    """A run without functions prints no table of cold starts."""
    assert not [line for line in shown(Workspace(tmp_path)) if "Cold" in line]


def test_a_long_answer_of_a_function_says_how_much_is_left_out(tmp_path: Path) -> None:
    """JSON is printed on one line; a long response is cut, and the number of omitted characters is printed."""
    answers = [
        FunctionResponse("dev", "1", name, True, text) for name, text in (("a", '{\n "a": 1\n}'), ("b", "x" * 1100))
    ]
    printed = shown(Workspace(tmp_path), *answers)
    assert ["dev", "1", "a", "ok", '{"a":', "1}"] in printed
    assert ["dev", "1", "b", "ok", "x" * 80, "and", "1,020", "more", "characters"] in printed


def shown(space: Workspace, *answers: FunctionResponse) -> list[list[str]]:
    """Return the words of each printed line."""
    text = io.StringIO()
    view = ExecutionView(status="Succeeded")
    RunSummary(space, [view], answers, 1.0, iam=False).show(Console(file=text, width=160))
    return [line.split() for line in text.getvalue().splitlines()]
