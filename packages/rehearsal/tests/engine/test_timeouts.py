"""Timeouts of actions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rehearsal.engine.action_api import Outcome, Task
from rehearsal.engine.model.declaration import parse
from rehearsal.engine.model.definition import ActionType
from rehearsal.engine.model.timeouts import DEFAULTS, format_duration, limit
from tests.engine.conftest import Stage, action, declaration, errors, fails, rule, until_stopped

PLAYED = ActionType("Test", "Played")


@pytest.fixture
def hasty(tmp_path: Path) -> Any:
    """A stage whose actions time out after a tenth of a second."""
    stage = Stage(tmp_path, limits={PLAYED: 0.1})
    yield stage
    stage.close()


def until_stopped_then_succeeds(task: Task) -> Outcome:
    task.stop.wait(10)
    return Outcome(failed=False, summary="done all the same")


def until_stopped_then_errors(task: Task) -> Outcome:
    task.stop.wait(10)
    return errors(task)


@pytest.mark.parametrize("part", [until_stopped, until_stopped_then_errors])
def test_an_action_that_takes_too_long_fails(hasty: Stage, part: Any) -> None:
    """An action that exceeds its timeout is asked to end, and fails; its summary names the timeout."""
    hasty.played.parts["a"] = part
    execution = hasty.run(declaration([action("a")], [action("b")]))
    assert execution.status == "Failed"
    assert "One/a: it took longer than 0.1 seconds" in execution.summary
    state = execution.actions[("One", "a")]
    assert (state.status, state.error_code) == ("Failed", "JobFailed")
    assert hasty.played.seen == ["a"]


def test_an_action_that_ends_well_at_the_last_moment_has_succeeded(hasty: Stage) -> None:
    """An action that succeeds after it was asked to end has succeeded."""
    hasty.played.parts["a"] = until_stopped_then_succeeds
    assert hasty.run(declaration([action("a")])).status == "Succeeded"


def test_an_action_that_fails_in_time_fails_with_its_own_words(hasty: Stage) -> None:
    """The summary of an action that fails in time does not mention the timeout."""
    hasty.played.parts["a"] = fails
    assert hasty.run(declaration([action("a")])).summary == "One/a: red"


def test_a_timeout_reaches_one_action_alone(hasty: Stage) -> None:
    """The timeout of one action does not affect a parallel action."""
    hasty.played.parts["a"] = until_stopped
    execution = hasty.run(declaration([action("a"), action("b")]))
    assert execution.actions[("One", "b")].status == "Succeeded"
    assert not execution.abandoned


def approval(**more: Any) -> dict[str, Any]:
    return {"name": "ask", "actionTypeId": {"category": "Approval", "provider": "Manual"}, **more}


@pytest.mark.parametrize(
    ("declared", "seconds"),
    [
        (approval(), 7 * 24 * 3600),
        (approval(timeoutInMinutes=5), 300),
        (action("other"), 3600),
        ({**action("other"), "timeoutInMinutes": 5}, 3600),
    ],
)
def test_timeout_in_minutes_counts_only_for_approvals(declared: dict[str, Any], seconds: float) -> None:
    """The engine reads `timeoutInMinutes` only for approvals."""
    (parsed,) = parse(declaration([declared])).stages[0].actions
    assert limit(parsed, {}) == seconds


@pytest.mark.parametrize(
    ("kind", "hours"),
    [
        ("Approval/Manual", 7 * 24),
        ("Build/CodeBuild", 36),
        ("Test/CodeBuild", 36),
        ("Deploy/CloudFormation", 3 * 24),
        ("Deploy/CodeDeploy", 5 * 24),
        ("Deploy/Lambda", 2 * 24 + 1),
        ("Deploy/S3", 1.5),
        ("Invoke/Lambda", 24),
        ("Test/DeviceFarm", 1),
    ],
)
def test_limits_are_those_of_codepipeline(kind: str, hours: float) -> None:
    """Each type of action has CodePipeline's default timeout."""
    category, provider = kind.split("/")
    declared = {**action("a"), "actionTypeId": {"category": category, "provider": provider}}
    assert limit(parse(declaration([declared])).stages[0].actions[0], {}) == hours * 3600


def test_each_type_with_a_limit_of_its_own_is_tried() -> None:
    """The test above covers every action type with a separate timeout."""
    (marks,) = [mark.args[1] for mark in test_limits_are_those_of_codepipeline.pytestmark]  # type: ignore[attr-defined]
    assert {str(default) for default in DEFAULTS} == {kind for kind, _ in marks} - {"Test/DeviceFarm"}


def test_a_rule_has_the_limit_that_it_names() -> None:
    """The engine reads a rule's `timeoutInMinutes`."""
    definition = declaration([action("a")])
    condition = {"result": "FAIL", "rules": [{**rule("check"), "timeoutInMinutes": 10}]}
    definition["stages"][0]["beforeEntry"] = {"conditions": [condition]}
    assert limit(parse(definition).stages[0].before_entry[0].rules[0], {}) == 600


@pytest.mark.parametrize(
    ("seconds", "words"), [(7 * 86400, "7 days"), (36 * 3600, "36 hours"), (300, "5 minutes"), (0.1, "0.1 seconds")]
)
def test_a_timeout_is_shown_in_its_largest_exact_unit(seconds: float, words: str) -> None:
    """A timeout is shown in its largest exact unit."""
    assert format_duration(seconds) == words
