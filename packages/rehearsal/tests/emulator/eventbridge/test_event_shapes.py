"""CodePipeline's events, as EventBridge delivers them."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.emulator.eventbridge.event_shapes import pipeline_event
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
def published(stage: Stage) -> list[dict[str, Any]]:
    """The events that the engine's executions would put on the bus."""
    events: list[dict[str, Any]] = []

    def listen(execution: Execution, event: Event) -> None:
        if published_entry := pipeline_event(execution, event):
            events.append(dict(published_entry))

    stage.listener = listen
    return events


def states(published: list[dict[str, Any]], level: str) -> list[str]:
    return [
        event["detail"]["state"] for event in published if event["detail-type"].startswith(f"CodePipeline {level} ")
    ]


def test_a_successful_execution_sends_events_on_all_levels(stage: Stage, published: list[dict[str, Any]]) -> None:
    """A successful execution sends STARTED and SUCCEEDED of the pipeline, each stage and each action."""
    stage.run(declaration([action("a")], [action("b")]))
    assert states(published, "Pipeline") == ["STARTED", "SUCCEEDED"]
    assert states(published, "Stage") == states(published, "Action") == ["STARTED", "SUCCEEDED", "STARTED", "SUCCEEDED"]


@pytest.mark.parametrize(("ending", "code"), [(fails, "JobFailed"), (errors, "ConfigurationError")])
def test_a_failure_event_has_the_error_code(
    stage: Stage, published: list[dict[str, Any]], ending: Any, code: str
) -> None:
    """A failure sends FAILED on all levels; the action's event has the error code."""
    stage.played.parts["a"] = ending
    stage.run(declaration([action("a")]))
    assert (
        states(published, "Pipeline")
        == states(published, "Stage")
        == states(published, "Action")
        == ["STARTED", "FAILED"]
    )
    (failed,) = [event["detail"] for event in published if event["detail"].get("execution-result")]
    assert failed["execution-result"]["error-code"] == code


def test_a_stop_sends_events(stage: Stage, published: list[dict[str, Any]]) -> None:
    """A stop sends STOPPING, then STOPPED with the reason; the action's event is ABANDONED."""
    stage.played.parts["a"] = until_stopped
    execution = stage.start(declaration([action("a")]))
    eventually(lambda: "a" in stage.played.seen)
    stage.stop(execution, abandon=True)
    stage.wait()
    assert states(published, "Pipeline") == ["STARTED", "STOPPING", "STOPPED"]
    assert states(published, "Action") == ["STARTED", "ABANDONED"]
    assert published[-1]["detail"]["stop-execution-comments"] == "enough"


def test_a_retry_sends_resumed(stage: Stage, published: list[dict[str, Any]]) -> None:
    """A retry sends RESUMED, with the number of the attempt."""
    stage.played.parts["b"] = at_first(fails)
    execution = stage.run(declaration([action("a")], [action("b")]))
    stage.retry(execution, "Two", "FAILED_ACTIONS")
    stage.wait()
    assert states(published, "Pipeline") == ["STARTED", "FAILED", "RESUMED", "SUCCEEDED"]
    assert states(published, "Stage")[-2:] == ["RESUMED", "SUCCEEDED"]
    assert published[-1]["detail"]["pipeline-execution-attempt"] == 2.0


def test_an_event_has_the_fields_of_aws(stage: Stage, published: list[dict[str, Any]]) -> None:
    """Events have the fields of the user guide's examples."""
    execution = stage.run(declaration([action("a")]))
    pipeline, action_ = published[0], published[2]
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
    """An exception in a listener does not affect the execution."""

    def broken(execution: Execution, event: Event) -> None:
        raise ValueError(event["type"])

    stage.listener = broken
    assert stage.run(declaration([action("a")])).status == "Succeeded"


def test_a_skipped_stage_sends_no_end_event(stage: Stage, published: list[dict[str, Any]]) -> None:
    """A skipped stage sends STARTED and no event for its end."""
    stage.played.parts["check"] = fails
    definition = declaration([action("a")], [action("b")])
    definition["stages"][1]["beforeEntry"] = {"conditions": [{"result": "SKIP", "rules": [rule("check")]}]}
    stage.run(definition)
    assert states(published, "Stage") == ["STARTED", "SUCCEEDED", "STARTED"]
    assert states(published, "Pipeline") == ["STARTED", "SUCCEEDED"]
