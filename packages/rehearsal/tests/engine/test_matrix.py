"""The engine's rules with each ending of the action `a`: it succeeds, fails, errors, or is stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rehearsal.engine.errors import RequestRejected
from tests.engine.conftest import KEY, Door, Live, Stage, action, declaration, errors, eventually, fails, rule, succeeds
from tests.engine.endings import ENDINGS, Ending, gives, makes

V2 = {"pipelineType": "V2"}


def a_later_run_order_begins_only_after_a_success(stage: Stage, ending: Ending) -> None:
    execution = ending.play(stage, "a", declaration([action("a"), action("b", 2)], [action("c")]))
    assert execution.status == ending.status
    assert stage.played.seen == (["a", "b", "c"] if ending.good else ["a"])


def a_later_stage_begins_only_after_a_success(stage: Stage, ending: Ending) -> None:
    execution = ending.play(stage, "a", declaration([action("a")], [action("b")]))
    assert (execution.status, execution.actions[("One", "a")].status) == (ending.status, ending.action_status)
    assert list(execution.stages) == (["One", "Two"] if ending.good else ["One"])


def a_parallel_action_ends_normally(stage: Stage, ending: Ending) -> None:
    other = stage.played.parts["long"] = Door()
    definition = declaration([action("a"), action("long")], [action("b")])
    execution, door = ending.begin(stage, "a", lambda: stage.start(definition))
    eventually(lambda: other.holds(execution))
    ending.end(stage, execution, door)
    eventually(lambda: execution.actions[("One", "a")].status == ending.action_status)
    assert execution.running
    assert execution.actions[("One", "long")].status == "InProgress"
    other.open(execution)
    stage.wait()
    assert (execution.status, execution.actions[("One", "long")].status) == (ending.status, "Succeeded")
    assert ("b" in stage.played.seen) is ending.good


def outputs_count_only_after_a_success(stage: Stage, ending: Ending) -> None:
    given = replace(ending, then=makes if ending.good else errors if ending.then is errors else gives)
    execution = given.play(stage, "a", declaration([action("a", say="x", namespace="First")], [action("b")]))
    assert execution.variables.get("First") == ({"said": "x"} if ending.good else None)
    assert ("Made" in execution.artifacts) is ending.good


def a_stage_is_free_after_its_action(stage: Stage, ending: Ending) -> None:
    definition = declaration([action("source")], [action("a")])
    first, door = ending.begin(stage, "a", lambda: stage.start(definition))
    second = stage.start(definition)
    eventually(lambda: second.waits_for == "Two")
    assert not door.holds(second)
    ending.end(stage, first, door)
    eventually(lambda: door.holds(second))
    assert first.status == ending.status
    stage.stop(second, abandon=True)
    door.open(second)


def superseded_admits_the_newest(stage: Stage, ending: Ending) -> None:
    first, second, third = meeting(stage, ending, "SUPERSEDED")
    assert (first.status, second.status, third.status) == (ending.status, "Superseded", "Succeeded")


def queued_admits_all(stage: Stage, ending: Ending) -> None:
    first, second, third = meeting(stage, ending, "QUEUED")
    assert (first.status, second.status, third.status) == (ending.status, "Succeeded", "Succeeded")
    assert [task.execution_id for task in stage.played.tasks if task.action.name == "last"][-2:] == [
        second.id,
        third.id,
    ]


def meeting(stage: Stage, ending: Ending, mode: str) -> list[Live]:
    """Return three executions: two waited while the first was in the stage and ended so; these two succeed."""
    definition = declaration([action("source")], [action("a")], [action("last")], executionMode=mode, **V2)
    first, door = ending.begin(stage, "a", lambda: stage.start(definition))
    others = []
    for _ in range(2):
        others.append(stage.start(definition))
        eventually(lambda: others[-1].waits_for == "Two")
    stage.played.parts["a"] = succeeds
    ending.end(stage, first, door)
    stage.wait()
    return [first, *others]


def parallel_does_not_affect_other_executions(stage: Stage, ending: Ending) -> None:
    definition = declaration([action("a")], [action("b")], executionMode="PARALLEL", **V2)
    first, door = ending.begin(stage, "a", lambda: stage.start(definition))
    second = stage.start(definition)
    eventually(lambda: door.holds(second))
    ending.end(stage, first, door)
    eventually(lambda: first.status == ending.status)
    assert (second.status, second.actions[("One", "a")].status) == ("InProgress", "InProgress")
    stage.stop(second, abandon=True)
    door.open(second)


def a_disabled_transition_holds_a_successful_execution(stage: Stage, ending: Ending) -> None:
    definition = declaration([action("a")], [action("b")])
    stage.engine.create(KEY, definition)
    stage.engine.disable_transition(KEY, "Two", "freeze", "somebody")
    execution, door = ending.begin(stage, "a", lambda: stage.start(definition))
    ending.end(stage, execution, door)
    eventually(lambda: execution.waits_for == "Two" if ending.good else execution.status == ending.status)
    assert "b" not in stage.played.seen
    stage.engine.enable_transition(KEY, "Two")
    stage.wait()
    assert execution.status == ending.status


def an_update_starts_it_again_unless_it_is_stopped(stage: Stage, ending: Ending) -> None:
    definition = declaration([action("a")], [action("b")])
    first, door = ending.begin(stage, "a", lambda: stage.start(definition))
    stage.engine.update(KEY, declaration([action("a")], [action("new")]), restart=True)
    stage.played.parts["a"] = succeeds
    ending.end(stage, first, door)
    stage.wait()
    stopped = ending.abandon is not None
    assert first.status == ("Stopped" if stopped else "Cancelled")
    assert [execution.origin.restart_of for execution in stage.all] == ([None] if stopped else [None, first.id])
    assert ("new" in stage.played.seen, "b" in stage.played.seen) == (not stopped, False)
    assert bool(stage.events(first)[-1]["restarted_as"]) is not stopped


def a_manual_retry_runs_actions_that_have_not_succeeded(stage: Stage, ending: Ending) -> None:
    definition = declaration([action("source")], [action("a"), action("beside")], [action("last")])
    execution = ending.play(stage, "a", definition)
    stage.played.parts["a"] = succeeds
    if ending.good:
        with pytest.raises(RequestRejected, match="has not failed"):
            stage.retry(execution, "Two", "FAILED_ACTIONS")
        return
    stage.retry(execution, "Two", "FAILED_ACTIONS")
    stage.wait()
    assert (execution.status, execution.attempt) == ("Succeeded", 2)
    assert [stage.played.seen.count(name) for name in ("source", "a", "beside", "last")] == [1, 2, 1, 1]


def a_stage_retries_itself_only_after_a_failure(stage: Stage, ending: Ending) -> None:
    definition = declaration([action("source")], [action("a")], **V2)
    definition["stages"][1]["onFailure"] = {"result": "RETRY"}
    execution = ending.play(stage, "a", definition)
    assert execution.status == ending.status
    assert stage.played.seen.count("a") == (2 if ending.failed else 1)
    assert execution.stages["Two"].automatic_retries == ending.failed


def rolling(**failure: Any) -> dict[str, Any]:
    definition = declaration([action("source")], [action("a")], **V2)
    definition["stages"][1]["onFailure"] = {"result": "ROLLBACK", **failure}
    return definition


def a_stage_rolls_itself_back_only_after_a_failure(stage: Stage, ending: Ending) -> None:
    good = stage.run(rolling())
    execution = ending.play(stage, "a", rolling())
    others = [other for other in stage.all if other not in (good, execution)]
    assert execution.status == ending.status
    assert [other.origin.rollback_of for other in others] == ([good.id] if ending.failed else [])


def a_failure_condition_is_evaluated_only_after_a_failure(stage: Stage, ending: Ending) -> None:
    definition = rolling(conditions=[{"result": "ROLLBACK", "rules": [rule("check")]}])
    good = stage.run(definition)
    stage.played.parts["check"] = fails
    execution = ending.play(stage, "a", definition)
    others = [other for other in stage.all if other not in (good, execution)]
    assert ("check" in stage.played.seen, bool(others)) == (ending.failed, ending.failed)


def a_rollback_ends_as_its_action_does_and_is_final(stage: Stage, ending: Ending) -> None:
    good = stage.run(rolling())
    back, door = ending.begin(stage, "a", lambda: stage.rollback("Two", good))
    ending.end(stage, back, door)
    stage.wait()
    assert (back.status, back.origin.rollback_of) == (ending.status, good.id)
    assert stage.all == [good, back]


def conditional(kind: str, result: str) -> dict[str, Any]:
    """Return a pipeline of three stages; the rule `a` decides in the second."""
    definition = declaration([action("source")], [action("deploy")], [action("last")], **V2)
    definition["stages"][1][kind] = {"conditions": [{"result": result, "rules": [rule("a")]}]}
    return definition


def a_met_entry_condition_admits_the_execution(stage: Stage, ending: Ending) -> None:
    execution = ending.play(stage, "a", conditional("beforeEntry", "FAIL"))
    assert execution.status == ending.status
    assert ("deploy" in stage.played.seen, "last" in stage.played.seen) == (ending.good, ending.good)


def an_unmet_entry_condition_skips_its_stage(stage: Stage, ending: Ending) -> None:
    execution = ending.play(stage, "a", conditional("beforeEntry", "SKIP"))
    assert execution.status == ("Stopped" if ending.abandon is not None else "Succeeded")
    assert ("deploy" in stage.played.seen) is ending.good
    assert ("last" in stage.played.seen) is (ending.abandon is None)


def an_unmet_success_condition_fails_its_stage(stage: Stage, ending: Ending) -> None:
    execution = ending.play(stage, "a", conditional("onSuccess", "FAIL"))
    assert (execution.status, "last" in stage.played.seen) == (ending.status, ending.good)


def an_unmet_success_condition_rolls_back(stage: Stage, ending: Ending) -> None:
    good = stage.run(conditional("onSuccess", "ROLLBACK"))
    execution, door = ending.begin(stage, "a", lambda: stage.start(conditional("onSuccess", "ROLLBACK")))
    stage.played.parts["a"] = succeeds
    ending.end(stage, execution, door)
    stage.wait()
    others = [other for other in stage.all if other not in (good, execution)]
    assert (execution.status, bool(others)) == (ending.status, ending.failed)


RULES = [
    a_later_run_order_begins_only_after_a_success,
    a_later_stage_begins_only_after_a_success,
    a_parallel_action_ends_normally,
    outputs_count_only_after_a_success,
    a_stage_is_free_after_its_action,
    superseded_admits_the_newest,
    queued_admits_all,
    parallel_does_not_affect_other_executions,
    a_disabled_transition_holds_a_successful_execution,
    an_update_starts_it_again_unless_it_is_stopped,
    a_manual_retry_runs_actions_that_have_not_succeeded,
    a_stage_retries_itself_only_after_a_failure,
    a_stage_rolls_itself_back_only_after_a_failure,
    a_failure_condition_is_evaluated_only_after_a_failure,
    a_rollback_ends_as_its_action_does_and_is_final,
    a_met_entry_condition_admits_the_execution,
    an_unmet_entry_condition_skips_its_stage,
    an_unmet_success_condition_fails_its_stage,
    an_unmet_success_condition_rolls_back,
]


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.name)
@pytest.mark.parametrize("holds", RULES, ids=lambda holds: holds.__name__.replace("_", " "))
def test_each_rule_holds_in_each_ending(stage: Stage, holds: Callable[[Stage, Ending], None], ending: Ending) -> None:
    """Each rule of the engine, named by its parameter, holds for each ending of the action `a`."""
    holds(stage, ending)
