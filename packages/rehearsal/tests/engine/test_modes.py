"""Executions that meet: stage locks, SUPERSEDED, QUEUED and PARALLEL, and transitions that are disabled."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.running import eligibility
from rehearsal.engine.running.stage_lock import Place, StageLock
from tests.engine.conftest import KEY, Door, Live, Stage, action, declaration, errors, eventually, fails, until_stopped


def mode(name: str) -> dict[str, Any]:
    return declaration([action("source")], [action("deploy")], executionMode=name, pipelineType="V2")


def waits(execution: Live, stage: str = "Two") -> bool:
    return bool(execution.waits_for == stage)


@pytest.mark.parametrize(("then", "status"), [(None, "Succeeded"), (fails, "Failed"), (errors, "Failed")])
def test_a_stage_holds_one_execution_and_is_free_after_each_ending(stage: Stage, then: Any, status: str) -> None:
    """The next execution enters when the one before has succeeded, failed or errored there."""
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
    """The next one enters."""
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
    """With nothing running there is nothing to wait for, and none of its later actions starts."""
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
    """None is superseded: the second and the third enter one after the other, however the first ended."""
    door = stage.played.parts["deploy"] = Door(then)
    first = stage.start(mode("QUEUED"))
    eventually(lambda: door.holds(first))
    second = stage.start(mode("QUEUED"))
    eventually(lambda: waits(second))
    third = stage.start(mode("QUEUED"))
    eventually(lambda: waits(third))
    for each in (first, second, third):
        eventually(lambda each=each: door.holds(each))  # type: ignore[misc]
        door.open(each)
    stage.wait()
    assert door.inside == [first.id, second.id, third.id]
    assert {each.status for each in (first, second, third)} == {status}


def test_a_stop_in_the_queue_lets_the_next_one_on(stage: Stage) -> None:
    """The one behind it moves up."""
    door = stage.played.parts["deploy"] = Door()
    first, second, third = (stage.start(mode("QUEUED")) for _ in range(3))
    eventually(lambda: door.holds(first) and waits(second) and waits(third))
    stage.stop(second, abandon=False)
    door.open(first)
    eventually(lambda: door.holds(third))
    door.open(third)
    stage.wait()
    assert [each.status for each in (first, second, third)] == ["Succeeded", "Stopped", "Succeeded"]


@pytest.mark.parametrize(("then", "status"), [(None, "Succeeded"), (fails, "Failed"), (errors, "Failed")])
def test_parallel_executions_wait_for_nobody(stage: Stage, then: Any, status: str) -> None:
    """Both are in the stage at the same time, and a newer one may end first."""
    door = stage.played.parts["deploy"] = Door(then)
    first, second = stage.start(mode("PARALLEL")), stage.start(mode("PARALLEL"))
    eventually(lambda: door.holds(first) and door.holds(second))
    door.open(second)
    eventually(lambda: second.status == status)
    assert first.status == "InProgress"
    door.open(first)


def test_a_stop_of_one_parallel_execution_leaves_the_other(stage: Stage) -> None:
    """They know nothing of each other."""
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
    """There is a limit where executions do not overtake each other."""
    monkeypatch.setattr(eligibility, "CONCURRENT", 1)
    door = stage.played.parts["source"] = Door()
    first = stage.start(mode(name))
    with pytest.raises(RequestRejected, match="1 are allowed") as refused:
        stage.start(mode(name))
    assert refused.value.code == "ConcurrentPipelineExecutionsLimitExceededException"
    door.open(first)


def test_a_disabled_transition_holds_executions_up_until_it_is_enabled(stage: Stage) -> None:
    """The newest of those that waited goes on, the older one is superseded."""
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
    """It does not wait for the transition."""
    stage.engine.create(KEY, mode("SUPERSEDED"))
    stage.engine.disable_transition(KEY, "Two", "freeze", "somebody")
    execution = stage.start(mode("SUPERSEDED"))
    eventually(lambda: waits(execution))
    stage.stop(execution, abandon=False)
    stage.wait()
    assert execution.status == "Stopped"


def test_an_update_cancels_what_waits(stage: Stage) -> None:
    """Of those that ran or waited, all are cancelled and the newest one starts again."""
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
    """The running action ends, and nothing more starts."""
    door = stage.played.parts["source"] = Door()
    execution = stage.start(mode("SUPERSEDED"))
    eventually(lambda: door.holds(execution))
    stage.engine.delete(KEY)
    door.open(execution)
    stage.wait()
    assert (execution.status, stage.played.seen) == ("Cancelled", ["source"])


def test_a_pipeline_of_a_deleted_ones_name_has_open_transitions(stage: Stage) -> None:
    """What was disabled is forgotten with the pipeline."""
    stage.engine.create(KEY, mode("SUPERSEDED"))
    stage.engine.disable_transition(KEY, "Two", "freeze", "somebody")
    stage.engine.delete(KEY)
    assert stage.run(mode("SUPERSEDED")).status == "Succeeded"


def test_nobody_gets_in_between_two_stages() -> None:
    """An execution that leaves a stage has its place before the next one already: none that was behind overtakes it."""
    lock = StageLock()
    lock.arrive(Place(1, "first", "QUEUED"))
    lock.arrive(Place(2, "second", "QUEUED"))
    assert lock.admit(disabled=False).entered == ("first",)
    lock.arrive(Place(3, "third", "QUEUED"))
    lock.leave("first")
    assert lock.admit(disabled=False).entered == ("second",)
    assert lock.admit(disabled=False).waiting == ("third",)
