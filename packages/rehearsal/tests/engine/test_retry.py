"""Manual and automatic retries of a failed stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rehearsal.engine.action_api import Outcome
from rehearsal.engine.errors import RequestRejected
from tests.engine.conftest import (
    KEY,
    Door,
    Live,
    Stage,
    action,
    at_first,
    declaration,
    errors,
    eventually,
    fails,
    until_stopped,
)


@pytest.mark.parametrize("first", [fails, errors])
def test_a_retry_of_the_failed_actions_leaves_those_that_succeeded(stage: Stage, first: Callable[..., Outcome]) -> None:
    """A retry runs only the failed actions again, and the execution continues to its end."""
    stage.played.parts["b"] = at_first(first)
    execution = stage.run(declaration([action("source")], [action("a"), action("b")], [action("c")]))
    assert execution.status == "Failed"
    stage.retry(execution, "Two")
    stage.wait()
    assert execution.status == "Succeeded"
    assert sorted(stage.played.seen) == ["a", "b", "b", "c", "source"]
    assert [event["attempt"] for event in stage.events(execution, "action-started") if event["action"] == "b"] == [1, 2]


def test_a_start_or_retry_is_in_the_journal_when_the_call_returns(stage: Stage) -> None:
    """The journal has the start or the retry of an execution as soon as the call returns."""
    stage.played.parts["b"] = at_first(fails)
    execution = stage.start(declaration([action("source")], [action("b")]))
    assert len(stage.events(execution, "execution-started")) == 1
    stage.wait()
    stage.retry(execution, "Two")
    assert len(stage.events(execution, "execution-resumed")) == 1
    assert execution.status == "InProgress"
    stage.wait()
    assert execution.status == "Succeeded"


def test_a_retry_of_all_actions_runs_the_whole_stage_again(stage: Stage) -> None:
    """A retry with ALL_ACTIONS also runs the successful actions of the stage again."""
    stage.played.parts["b"] = at_first(fails)
    execution = stage.run(declaration([action("source")], [action("a"), action("b", 2)]))
    stage.retry(execution, "Two", "ALL_ACTIONS")
    stage.wait()
    assert (execution.status, execution.summary) == ("Succeeded", "")
    assert stage.played.seen == ["source", "a", "b", "a", "b"]


def test_a_retry_that_fails_can_be_retried_again(stage: Stage) -> None:
    """A failed retry can be retried; the stage counts its manual retries."""
    stage.played.parts["b"] = fails
    execution = stage.run(declaration([action("source")], [action("b")]))
    for _ in range(2):
        stage.retry(execution, "Two")
        stage.wait()
    assert execution.status == "Failed"
    assert (execution.stages["Two"].manual_retries, execution.attempt) == (2, 3)


def test_a_retry_that_is_stopped_ends_as_stopped(stage: Stage) -> None:
    """A stop abandons a running retry."""
    stage.played.parts["b"] = fails
    execution = stage.run(declaration([action("source")], [action("b")]))
    stage.played.parts["b"] = until_stopped
    stage.retry(execution, "Two")
    eventually(lambda: stage.played.seen.count("b") == 2)
    stage.stop(execution, abandon=True)
    stage.wait()
    assert (execution.status, execution.actions[("Two", "b")].status) == ("Stopped", "Abandoned")


def test_a_stopped_stage_can_be_retried(stage: Stage) -> None:
    """A retry runs an abandoned action again."""
    stage.played.parts["b"] = at_first(until_stopped)
    execution = stage.start(declaration([action("source")], [action("b")]))
    eventually(lambda: "b" in stage.played.seen)
    stage.stop(execution, abandon=True)
    stage.wait()
    stage.retry(execution, "Two")
    stage.wait()
    assert execution.status == "Succeeded"


def test_a_successful_stage_cannot_be_retried(stage: Stage) -> None:
    """A retry of a successful stage is rejected with CodePipeline's error code and the stage's status."""
    execution = stage.run(declaration([action("source")], [action("b")]))
    with pytest.raises(RequestRejected, match=r"Two of .* has not failed: it is Succeeded") as refused:
        stage.retry(execution, "Two")
    assert refused.value.code == "StageNotRetryableException"


def test_a_stage_of_an_earlier_definition_cannot_be_retried(stage: Stage) -> None:
    """A retry is rejected if an update has changed the stage since its failure."""
    stage.played.parts["b"] = fails
    execution = stage.run(declaration([action("source")], [action("b")]))
    stage.engine.update(KEY, declaration([action("source")], [action("b"), action("c")]), restart=False)
    with pytest.raises(RequestRejected, match="changed since") as refused:
        stage.retry(execution, "Two")
    assert refused.value.code == "StageNotRetryableException"


def test_an_execution_that_was_overtaken_in_the_stage_cannot_be_retried(stage: Stage) -> None:
    """A retry is rejected if a newer execution has been in the stage."""
    stage.played.parts["b"] = fails
    definition = declaration([action("source")], [action("b")])
    first = stage.run(definition)
    stage.run(definition)
    with pytest.raises(RequestRejected, match="has been in Two since") as refused:
        stage.retry(first, "Two")
    assert refused.value.code == "NotLatestPipelineExecutionException"


def test_an_execution_that_still_runs_cannot_be_retried(stage: Stage) -> None:
    """A retry is rejected while the stage's only action runs."""
    stage.played.parts["b"] = until_stopped
    execution = stage.start(declaration([action("source")], [action("b")]))
    eventually(lambda: "b" in stage.played.seen)
    for mode in ("FAILED_ACTIONS", "ALL_ACTIONS"):
        with pytest.raises(RequestRejected, match="still InProgress") as refused:
            stage.retry(execution, "Two", mode)
        assert refused.value.code == "ConflictException"


@pytest.mark.parametrize(("then", "status"), [(None, "Succeeded"), (fails, "Failed")])
def test_a_failed_action_is_retried_beside_those_that_still_run(stage: Stage, then: Any, status: str) -> None:
    """A failed action can be retried once while a parallel action runs; a retry of all actions is rejected."""
    long = stage.played.parts["long"] = Door()
    stage.played.parts["bad"] = at_first(fails) if then is None else fails
    execution = stage.start(declaration([action("source")], [action("bad"), action("long")], [action("last")]))
    eventually(lambda: long.holds(execution) and bad(execution) == (1, "Failed"))
    with pytest.raises(RequestRejected, match="still InProgress"):
        stage.retry(execution, "Two", "ALL_ACTIONS")
    stage.retry(execution, "Two")
    eventually(lambda: bad(execution) == (2, status))
    assert (execution.status, execution.actions[("Two", "long")].status) == ("InProgress", "InProgress")
    long.open(execution)
    stage.wait()
    assert (execution.status, execution.stages["Two"].manual_retries, execution.attempt) == (status, 1, 1)
    assert ("last" in stage.played.seen, stage.played.seen.count("long")) == (then is None, 1)


def test_a_failed_action_of_a_stopping_execution_cannot_be_retried(stage: Stage) -> None:
    """A failed action of a stopping execution cannot be retried, and does not delay the stop."""
    stage.played.parts |= {"bad": fails, "long": until_stopped}
    execution = stage.start(declaration([action("source")], [action("bad"), action("long")]))
    eventually(lambda: "long" in stage.played.seen and bad(execution) == (1, "Failed"))
    stage.stop(execution, abandon=False)
    with pytest.raises(RequestRejected, match="still Stopping"):
        stage.retry(execution, "Two")
    stage.stop(execution, abandon=True)
    stage.wait()
    assert (execution.status, bad(execution)) == ("Stopped", (1, "Failed"))


def bad(execution: Live) -> tuple[int, str]:
    state = execution.actions.get(("Two", "bad"))
    return (state.attempt, state.status) if state else (0, "")


def test_of_parallel_executions_an_older_one_can_be_retried(stage: Stage) -> None:
    """An older parallel execution can be retried, since none overtakes another."""
    stage.played.parts["b"] = at_first(fails)
    definition = declaration([action("source")], [action("b")], executionMode="PARALLEL")
    first = stage.run(definition)
    stage.run(definition)
    stage.retry(first, "Two")
    stage.wait()
    assert first.status == "Succeeded"


RETRY = {"onFailure": {"result": "RETRY"}}


@pytest.mark.parametrize("first", [fails, errors])
def test_a_stage_retries_itself_where_the_definition_says_so(stage: Stage, first: Callable[..., Outcome]) -> None:
    """A stage with the failure result RETRY runs a failed action again, and the execution succeeds."""
    stage.played.parts["b"] = at_first(first)
    definition = declaration([action("source")], [action("a"), action("b")])
    definition["stages"][1] |= RETRY
    execution = stage.run(definition)
    assert execution.status == "Succeeded"
    assert sorted(stage.played.seen) == ["a", "b", "b", "source"]
    state = execution.stages["Two"]
    assert (state.automatic_retries, state.latest_retry) == (1, "AutomatedStageRetry")


def test_a_stage_retries_itself_once(stage: Stage) -> None:
    """A stage retries itself only once; its second failure is final."""
    stage.played.parts["b"] = fails
    definition = declaration([action("source")], [action("b")])
    definition["stages"][1] |= RETRY
    assert stage.run(definition).status == "Failed"
    assert stage.played.seen == ["source", "b", "b"]


def test_the_retry_mode_decides_what_runs_again(stage: Stage) -> None:
    """The retry mode ALL_ACTIONS starts at the first action of the stage."""
    stage.played.parts["b"] = at_first(fails)
    definition = declaration([action("source")], [action("a"), action("b", 2)])
    definition["stages"][1]["onFailure"] = {"result": "RETRY", "retryConfiguration": {"retryMode": "ALL_ACTIONS"}}
    assert stage.run(definition).status == "Succeeded"
    assert stage.played.seen == ["source", "a", "b", "a", "b"]


def test_a_stopped_stage_does_not_retry_itself(stage: Stage) -> None:
    """A stage does not retry itself after a stop."""
    stage.played.parts["b"] = until_stopped
    definition = declaration([action("source")], [action("b")])
    definition["stages"][1] |= RETRY
    execution = stage.start(definition)
    eventually(lambda: "b" in stage.played.seen)
    stage.stop(execution, abandon=True)
    stage.wait()
    assert execution.status == "Stopped"
    assert stage.played.seen == ["source", "b"]
