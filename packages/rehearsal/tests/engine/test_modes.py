"""Concurrent executions: stage locks, SUPERSEDED, QUEUED and PARALLEL, disabled transitions."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.running import eligibility
from rehearsal.engine.running.stage_lock import StageLock, WaitingExecution
from tests.engine.conftest import KEY, Door, Live, Stage, action, declaration, errors, eventually, fails, until_stopped


def mode(name: str) -> dict[str, Any]:
    return declaration([action("source")], [action("deploy")], executionMode=name, pipelineType="V2")


def waits(execution: Live, stage: str = "Two") -> bool:
    return bool(execution.waits_for == stage)


@pytest.mark.parametrize(("then", "status"), [(None, "Succeeded"), (fails, "Failed"), (errors, "Failed")])
def test_a_stage_holds_one_execution_and_is_free_after_each_ending(stage: Stage, then: Any, status: str) -> None:
    """The next execution enters a stage after the previous one has succeeded, failed or errored there."""
    door = stage.played.parts["deploy"] = Door(then)
    first = stage.start(mode("SUPERSEDED"))
    eventually(lambda: door.holds(first))
    second = stage.start(mode("SUPERSEDED"))
    eventually(lambda: waits(second))
    assert not door.holds(second)
    door.open(first)
    eventually(lambda: door.holds(second))
    assert first.status == status
    door.open(second)


def test_a_stopped_execution_frees_its_stage(stage: Stage) -> None:
    """The next execution enters a stage whose execution was stopped."""
    stage.played.parts["deploy"] = until_stopped
    first = stage.start(mode("SUPERSEDED"))
    eventually(lambda: stage.played.seen.count("deploy") == 1)
    second = stage.start(mode("SUPERSEDED"))
    eventually(lambda: waits(second))
    stage.stop(first, abandon=True)
    eventually(lambda: stage.played.seen.count("deploy") == 2)
    stage.stop(second, abandon=True)
    stage.wait()
    assert first.status == second.status == "Stopped"


@pytest.mark.parametrize("abandon", [True, False])
def test_an_execution_that_waits_for_a_stage_stops_at_once(stage: Stage, abandon: bool) -> None:
    """An execution that waits for a stage stops immediately, and none of its later actions starts."""
    door = stage.played.parts["deploy"] = Door()
    first = stage.start(mode("QUEUED"))
    eventually(lambda: door.holds(first))
    second = stage.start(mode("QUEUED"))
    eventually(lambda: waits(second))
    stage.stop(second, abandon=abandon)
    eventually(lambda: second.status == "Stopped")
    door.open(first)
    stage.wait()
    assert not door.holds(second)


@pytest.mark.parametrize(("then", "status"), [(None, "Succeeded"), (fails, "Failed"), (errors, "Failed")])
def test_queued_executions_go_on_in_their_order(stage: Stage, then: Any, status: str) -> None:
    """Queued executions enter the stage in their order, however the first one ended; none is superseded."""
    door = stage.played.parts["deploy"] = Door(then)
    first = stage.start(mode("QUEUED"))
    eventually(lambda: door.holds(first))
    second = stage.start(mode("QUEUED"))
    eventually(lambda: waits(second))
    third = stage.start(mode("QUEUED"))
    eventually(lambda: waits(third))
    for execution in (first, second, third):
        eventually(lambda execution=execution: door.holds(execution))  # type: ignore[misc]
        door.open(execution)
    stage.wait()
    assert door.inside == [first.id, second.id, third.id]
    assert {execution.status for execution in (first, second, third)} == {status}


def test_a_stop_in_the_queue_lets_the_next_one_on(stage: Stage) -> None:
    """The execution behind a stopped one moves up in the queue."""
    door = stage.played.parts["deploy"] = Door()
    first, second, third = (stage.start(mode("QUEUED")) for _ in range(3))
    eventually(lambda: door.holds(first) and waits(second) and waits(third))
    stage.stop(second, abandon=False)
    door.open(first)
    eventually(lambda: door.holds(third))
    door.open(third)
    stage.wait()
    assert [execution.status for execution in (first, second, third)] == ["Succeeded", "Stopped", "Succeeded"]


@pytest.mark.parametrize(("then", "status"), [(None, "Succeeded"), (fails, "Failed"), (errors, "Failed")])
def test_parallel_executions_do_not_wait(stage: Stage, then: Any, status: str) -> None:
    """Two parallel executions are in the stage at the same time, and the newer one can end first."""
    door = stage.played.parts["deploy"] = Door(then)
    first, second = stage.start(mode("PARALLEL")), stage.start(mode("PARALLEL"))
    eventually(lambda: door.holds(first) and door.holds(second))
    door.open(second)
    eventually(lambda: second.status == status)
    assert first.status == "InProgress"
    door.open(first)


def test_a_stop_of_one_parallel_execution_leaves_the_other(stage: Stage) -> None:
    """A stop of one parallel execution does not affect another one."""
    door = stage.played.parts["deploy"] = Door()
    first, second = stage.start(mode("PARALLEL")), stage.start(mode("PARALLEL"))
    eventually(lambda: door.holds(first) and door.holds(second))
    stage.stop(first, abandon=False)
    door.open(first)
    eventually(lambda: first.status == "Stopped")
    door.open(second)
    stage.wait()
    assert second.status == "Succeeded"


@pytest.mark.parametrize("name", ["QUEUED", "PARALLEL"])
def test_too_many_executions_are_refused(stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start beyond the limit of concurrent executions is rejected, with CodePipeline's error code."""
    monkeypatch.setattr(eligibility, "CONCURRENT", 1)
    door = stage.played.parts["source"] = Door()
    first = stage.start(mode(name))
    with pytest.raises(RequestRejected, match="1 are allowed") as refused:
        stage.start(mode(name))
    assert refused.value.code == "ConcurrentPipelineExecutionsLimitExceededException"
    door.open(first)


def test_a_disabled_transition_holds_executions_up_until_it_is_enabled(stage: Stage) -> None:
    """After a transition is enabled, the newest waiting execution continues; older ones are superseded."""
    stage.engine.create(KEY, mode("SUPERSEDED"))
    stage.engine.disable_transition(KEY, "Two", "freeze", "somebody")
    first = stage.start(mode("SUPERSEDED"))
    eventually(lambda: waits(first))
    second = stage.start(mode("SUPERSEDED"))
    eventually(lambda: first.status == "Superseded")
    assert "deploy" not in stage.played.seen
    stage.engine.enable_transition(KEY, "Two")
    stage.wait()
    assert second.status == "Succeeded"


def test_an_execution_at_a_disabled_transition_can_be_stopped(stage: Stage) -> None:
    """An execution that waits at a disabled transition stops immediately."""
    stage.engine.create(KEY, mode("SUPERSEDED"))
    stage.engine.disable_transition(KEY, "Two", "freeze", "somebody")
    execution = stage.start(mode("SUPERSEDED"))
    eventually(lambda: waits(execution))
    stage.stop(execution, abandon=False)
    stage.wait()
    assert execution.status == "Stopped"


def test_an_update_cancels_waiting_executions(stage: Stage) -> None:
    """An update cancels running and waiting executions, and restarts the newest one."""
    door = stage.played.parts["deploy"] = Door()
    first = stage.start(mode("QUEUED"))
    eventually(lambda: door.holds(first))
    second = stage.start(mode("QUEUED"))
    eventually(lambda: waits(second))
    stage.engine.update(KEY, mode("QUEUED"), restart=True)
    eventually(lambda: second.status == "Cancelled")
    door.open(first)
    eventually(lambda: first.status == "Cancelled")
    third = stage.all[-1]
    eventually(lambda: door.holds(third))
    door.open(third)
    stage.wait()
    assert (third.origin.restart_of, third.status) == (second.id, "Succeeded")


def test_a_deleted_pipeline_cancels_its_executions(stage: Stage) -> None:
    """After a deletion the running action ends, and no other one starts."""
    door = stage.played.parts["source"] = Door()
    execution = stage.start(mode("SUPERSEDED"))
    eventually(lambda: door.holds(execution))
    stage.engine.delete(KEY)
    door.open(execution)
    stage.wait()
    assert (execution.status, stage.played.seen) == ("Cancelled", ["source"])


def test_a_pipeline_of_a_deleted_ones_name_has_open_transitions(stage: Stage) -> None:
    """A new pipeline does not inherit the disabled transitions of a deleted one with its name."""
    stage.engine.create(KEY, mode("SUPERSEDED"))
    stage.engine.disable_transition(KEY, "Two", "freeze", "somebody")
    stage.engine.delete(KEY)
    assert stage.run(mode("SUPERSEDED")).status == "Succeeded"


def test_no_execution_overtakes_between_two_stages() -> None:
    """An execution that leaves a stage already has its place before the next one, so that no later one overtakes it."""
    lock = StageLock()
    lock.arrive(WaitingExecution(1, "first", "QUEUED"))
    lock.arrive(WaitingExecution(2, "second", "QUEUED"))
    assert lock.admit(disabled=False).entered == ("first",)
    lock.arrive(WaitingExecution(3, "third", "QUEUED"))
    lock.leave("first")
    assert lock.admit(disabled=False).entered == ("second",)
    assert lock.admit(disabled=False).waiting == ("third",)
