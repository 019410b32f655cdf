"""CodePipeline's events, as EventBridge delivers them."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.emulator.eventbridge.event_shapes import entry
from rehearsal.engine.state.events import Event
from rehearsal.engine.state.execution import Execution
from tests.engine.conftest import (
    KEY,
    Stage,
    action,
    at_first,
    declaration,
    errors,
    eventually,
    fails,
    rule,
    until_stopped,
)


@pytest.fixture
def told(stage: Stage) -> list[dict[str, Any]]:
    """Every event that the engine's executions would put on the bus."""
    found: list[dict[str, Any]] = []

    def listen(execution: Execution, event: Event) -> None:
        each = entry(execution, event)
        if each:
            found.append(dict(each))

    stage.listener = listen
    return found


def states(told: list[dict[str, Any]], level: str) -> list[str]:
    return [each["detail"]["state"] for each in told if each["detail-type"].startswith(f"CodePipeline {level} ")]


def test_an_execution_that_succeeds_is_told_on_all_levels(stage: Stage, told: list[dict[str, Any]]) -> None:
    """STARTED and SUCCEEDED of the pipeline, each stage and each action."""
    stage.run(declaration([action("a")], [action("b")]))
    assert states(told, "Pipeline") == ["STARTED", "SUCCEEDED"]
    assert states(told, "Stage") == states(told, "Action") == ["STARTED", "SUCCEEDED", "STARTED", "SUCCEEDED"]


@pytest.mark.parametrize(("ending", "code"), [(fails, "JobFailed"), (errors, "ConfigurationError")])
def test_a_failure_is_told_with_its_code(stage: Stage, told: list[dict[str, Any]], ending: Any, code: str) -> None:
    """FAILED on all levels; the action's event says why."""
    stage.played.parts["a"] = ending
    stage.run(declaration([action("a")]))
    assert states(told, "Pipeline") == states(told, "Stage") == states(told, "Action") == ["STARTED", "FAILED"]
    (failed,) = [each["detail"] for each in told if each["detail"].get("execution-result")]
    assert failed["execution-result"]["error-code"] == code


def test_a_stop_is_told(stage: Stage, told: list[dict[str, Any]]) -> None:
    """STOPPING, then STOPPED, with the reason; the action is ABANDONED."""
    stage.played.parts["a"] = until_stopped
    execution = stage.start(declaration([action("a")]))
    eventually(lambda: "a" in stage.played.seen)
    stage.stop(execution, abandon=True)
    stage.wait()
    assert states(told, "Pipeline") == ["STARTED", "STOPPING", "STOPPED"]
    assert states(told, "Action") == ["STARTED", "ABANDONED"]
    assert told[-1]["detail"]["stop-execution-comments"] == "enough"


def test_a_retry_is_told_as_resumed(stage: Stage, told: list[dict[str, Any]]) -> None:
    """With the number of the attempt."""
    stage.played.parts["b"] = at_first(fails)
    execution = stage.run(declaration([action("a")], [action("b")]))
    stage.retry(execution, "Two", "FAILED_ACTIONS")
    stage.wait()
    assert states(told, "Pipeline") == ["STARTED", "FAILED", "RESUMED", "SUCCEEDED"]
    assert states(told, "Stage")[-2:] == ["RESUMED", "SUCCEEDED"]
    assert told[-1]["detail"]["pipeline-execution-attempt"] == 2.0


def test_an_event_has_the_fields_of_aws(stage: Stage, told: list[dict[str, Any]]) -> None:
    """As the examples of the user guide have them."""
    execution = stage.run(declaration([action("a")]))
    pipeline, action_ = told[0], told[2]
    assert (pipeline["source"], pipeline["resources"]) == ("aws.codepipeline", [KEY.arn])
    assert pipeline["detail-type"] == "CodePipeline Pipeline Execution State Change"
    assert {key: value for key, value in pipeline["detail"].items() if key != "start-time"} == {
        "pipeline": KEY.name,
        "execution-id": execution.id,
        "execution-trigger": {"trigger-type": "StartPipelineExecution", "trigger-detail": ""},
        "state": "STARTED",
        "version": 1.0,
        "pipeline-execution-attempt": 1.0,
    }
    assert {key: value for key, value in action_["detail"].items() if key != "start-time"} == {
        "pipeline": KEY.name,
        "execution-id": execution.id,
        "stage": "One",
        "action": "a",
        "region": KEY.region,
        "type": {"owner": "AWS", "provider": "Played", "category": "Test", "version": "1"},
        "action-execution-attempt": 1.0,
        "input-artifacts": [],
        "state": "STARTED",
        "version": 1.0,
        "pipeline-execution-attempt": 1.0,
    }
    assert pipeline["detail"]["start-time"].endswith("Z")


def test_a_listener_that_breaks_breaks_no_execution(stage: Stage) -> None:
    """Who watches has no part in what happens."""

    def broken(execution: Execution, event: Event) -> None:
        raise ValueError(event["type"])

    stage.listener = broken
    assert stage.run(declaration([action("a")])).status == "Succeeded"


def test_a_skipped_stage_is_told_to_nobody(stage: Stage, told: list[dict[str, Any]]) -> None:
    """It starts, and the next thing that is heard is of another stage."""
    stage.played.parts["check"] = fails
    definition = declaration([action("a")], [action("b")])
    definition["stages"][1]["beforeEntry"] = {"conditions": [{"result": "SKIP", "rules": [rule("check")]}]}
    stage.run(definition)
    assert states(told, "Stage") == ["STARTED", "SUCCEEDED", "STARTED"]
    assert states(told, "Pipeline") == ["STARTED", "SUCCEEDED"]
