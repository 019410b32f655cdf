"""Updates and the deletion of a pipeline while executions run."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.aws import Endpoint
from rehearsal.engine.action_api import Outcome, Task
from rehearsal.engine.engine import Engine
from rehearsal.engine.model.definition import ActionType
from rehearsal.engine.running.environment import Environment
from tests.engine.conftest import KEY, Door, Stage, action, declaration, eventually, fails, succeeds
from tests.engine.driven_engine import START, assume
from tests.engine.seeded import Script, SeededScheduler


def seeded(folder: Path) -> tuple[Engine, SeededScheduler]:
    scheduler = SeededScheduler()
    runners = {ActionType("Test", "Played"): Script(scheduler)}
    endpoint = Endpoint("http://127.0.0.1:1")
    return Engine(
        Environment(endpoint, assume, runners, executions=folder, pipelines=folder / "pipelines"), scheduler
    ), scheduler


@pytest.mark.parametrize("steps", range(12))
def test_an_update_at_any_moment_starts_the_execution_again(tmp_path: Path, steps: int) -> None:
    """An update restarts a running execution at any step, also between its last action and its end."""
    engine, scheduler = seeded(tmp_path)
    engine.create(KEY, declaration([action("a")]))
    execution = engine.start(KEY, trigger=START)
    for _ in range(steps):
        if scheduler.can_step:
            scheduler.step(timers=False)
    engine.update(KEY, declaration([action("b")]), restart=True)
    scheduler.settle()
    first, *others = engine.executions_of(KEY)
    assert [other.origin.restart_of for other in others] == ([first.id] if first.status == "Cancelled" else [])
    assert (first.id, first.status in {"Cancelled", "Succeeded"}) == (execution.id, True)
    engine.close()


def test_an_action_may_stop_its_own_execution_and_delete_its_pipeline(stage: Stage) -> None:
    """An action can update, stop and delete its own pipeline without a deadlock."""

    def mutates(task: Task) -> Outcome:
        stage.engine.update(KEY, declaration([action("a")], [action("c")]), restart=True)
        stage.engine.stop(KEY, task.execution_id, "by myself", abandon=True)
        stage.engine.delete(KEY)
        return succeeds(task)

    stage.played.parts["a"] = mutates
    execution = stage.run(declaration([action("a")], [action("b")]))
    assert execution.status == "Stopped"
    assert stage.engine.pipelines == {}


@pytest.mark.parametrize("waits", [True, False], ids=["an approval", "another action"])
def test_a_removed_stage_ends_the_execution_that_waits_in_it(stage: Stage, waits: bool) -> None:
    """An update that removes a stage cancels its execution after the running actions; the stage is free again."""
    kind = ActionType("Approval", "Manual")
    door = Door()

    class Asks:
        def run(self, task: Task) -> Outcome:
            task.approval.request("?")
            return Outcome(task.approval.answer() is None, "no answer")

    stage.runners[kind] = Asks()
    stage.played.parts["long"] = door
    ask = {"name": "ask", "actionTypeId": {"category": "Approval", "provider": "Manual"}}
    gated = declaration([action("source")], [ask if waits else action("long")], [action("last")])
    execution = stage.start(gated)
    eventually(lambda: ("Two", "ask" if waits else "long") in execution.actions)
    without = {**gated, "stages": [gated["stages"][0], gated["stages"][2]]}
    stage.engine.update(KEY, without, restart=False)
    if not waits:
        assert execution.status == "InProgress"
        door.open(execution)
    eventually(lambda: execution.status == "Cancelled")
    stage.engine.update(KEY, gated, restart=False)
    again = stage.start(gated)
    eventually(lambda: again.stage == "Two")
    stage.stop(again, abandon=True)
    door.open(again)
    stage.wait()


def test_a_removed_stage_ends_the_execution_that_waits_before_it(stage: Stage) -> None:
    """An update that removes a stage immediately cancels the execution that waits for it."""
    definition = declaration([action("source")], [action("b")])
    stage.engine.create(KEY, definition)
    stage.engine.disable_transition(KEY, "Two", "freeze", "somebody")
    execution = stage.start(definition)
    eventually(lambda: execution.waits_for == "Two")
    stage.engine.update(KEY, {**definition, "stages": definition["stages"][:1]}, restart=False)
    stage.wait()
    assert execution.status == "Cancelled"


def test_the_deletion_of_a_pipeline_ends_what_waits_in_it(stage: Stage) -> None:
    """A deletion abandons running actions; a new pipeline with the same name has none of the executions."""
    stage.played.parts["a"] = lambda task: (task.stop.wait(10), fails(task))[1]
    execution = stage.start(declaration([action("a")]))
    eventually(lambda: "a" in stage.played.seen)
    stage.engine.delete(KEY)
    stage.wait()
    assert (execution.status, execution.actions[("One", "a")].status) == ("Cancelled", "Abandoned")
    stage.played.parts.clear()
    assert stage.run(declaration([action("a")])).status == "Succeeded"
    assert len(stage.all) == 1
