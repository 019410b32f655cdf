"""Root causes in recorded logs: each case is a folder with an action's log, its summary, and the expected cause."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rehearsal.cause.find_cause import find_causes
from rehearsal.cause.model import Cause, CauseJson
from rehearsal.views.execution_view import ActionView, ExecutionView, StageView

CASES = Path(__file__).parent / "cases"


def cause_of(folder: Path) -> tuple[CauseJson, dict[str, Any]]:
    """Return the cause that is found for a case, and the expected one."""
    case = json.loads((folder / "case.json").read_text())
    action = ActionView("Build", "Act", case["provider"], "Failed", summary=case["summary"], log="action.log")
    log, paths = (folder / "action.log").read_text().splitlines(), case["construct_paths"]
    (cause,) = find_causes([action], lambda _: log, lambda stack, id_: paths.get(f"{stack}/{id_}", ""))
    return cause.as_json(), case["expected"]


@pytest.mark.parametrize("folder", sorted(CASES.iterdir()), ids=lambda folder: folder.name)
def test_the_cause_of_a_recorded_log(folder: Path) -> None:
    """The cause of each recorded log is the expected one; the folder's name says which rule it tests."""
    cause, expected = cause_of(folder)
    assert {key: value for key, value in cause.items() if key in expected} == expected


def test_the_action_that_failed_first_comes_first() -> None:
    """The action that failed first is the root cause, even if it started later."""
    slow = ActionView("Build", "Slow", "Build/CodeBuild", "Failed", started=1.0, seconds=9.0, summary="slow")
    quick = ActionView("Build", "Quick", "Build/CodeBuild", "Failed", started=2.0, seconds=1.0, summary="quick")
    good = ActionView("Build", "Good", "Build/CodeBuild", "Succeeded", started=0.0, seconds=1.0, summary="good")
    view = ExecutionView(stages=[StageView("Build", [slow, quick, good])])
    assert [cause.message for cause in find_causes(view.failed(), lambda _: [], lambda *_: "")] == ["quick", "slow"]


def test_only_the_end_of_a_huge_log_is_searched() -> None:
    """A command's output is read line by line, and only its last fifty thousand lines are searched."""
    begin, end = (
        "[Container] d t Running command c",
        "[Container] d t Command did not exit successfully c exit status 1",
    )

    def log() -> Any:
        yield begin
        yield from (f"line {number} " + "x" * 3000 for number in range(60_000))
        yield from ("a.py:3: error: found", end)

    action = ActionView("Build", "Act", "Build/CodeBuild", "Failed", log="action.log")
    (cause,) = find_causes([action], lambda _: log(), lambda *_: "")
    assert (str(cause.place), cause.message) == ("a.py:3", "found")


def test_an_empty_cause_has_every_key() -> None:
    """The JSON of a cause has every key, even if no place is known."""
    assert Cause("S", "A", "P", "m").as_json()["place"] == {"file": None, "line": None, "construct": None}
