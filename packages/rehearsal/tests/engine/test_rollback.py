"""Rollback of a stage to an execution that succeeded in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from rehearsal.engine.action_api import Artifact, Outcome, Revision, Task
from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.definition import ArtifactStore
from tests.engine.conftest import KEY, Live, Stage, action, declaration, errors, eventually, fails, until_stopped


def two_stages(**more: Any) -> dict[str, Any]:
    source = action("source", namespace="Source")
    return declaration([source], [action("deploy", say="#{Source.said}", namespace="Deploy")], **more)


def rolling() -> dict[str, Any]:
    """Return a pipeline of two stages; the second rolls itself back after a failure."""
    definition = two_stages()
    definition["stages"][1]["onFailure"] = {"result": "ROLLBACK"}
    return definition


def brings(revision: str) -> Callable[[Task], Outcome]:
    artifact = Artifact(ArtifactStore("bucket", None), f"key-{revision}")
    brought = Revision("source", revision)
    return lambda _: Outcome(
        False, revision, variables={"said": revision}, outputs={"Source": artifact}, revision=brought
    )


def test_a_rollback_runs_the_stage_alone_with_what_the_target_had(stage: Stage) -> None:
    """A rollback is a new execution with the target's artifacts and variables, and runs only the stage."""
    stage.played.parts["source"] = brings("old")
    old = stage.run(two_stages())
    stage.played.parts["source"] = brings("new")
    stage.run(two_stages())
    back = stage.rollback("Two", old)
    stage.wait()
    assert back.status == "Succeeded"
    assert back.variables["Deploy"] == {"said": "old"}
    assert (back.artifacts["Source"].key, back.artifacts["Source"].revision) == ("key-old", "old")
    assert [revision.id for revision in back.revisions] == ["old"]
    assert back.origin.trigger["triggerType"] == "ManualRollback"
    assert list(back.stages) == ["Two"]


@pytest.mark.parametrize("ending", [fails, errors])
def test_a_failed_stage_rolls_itself_back_to_the_last_good_execution(stage: Stage, ending: Any) -> None:
    """The failed execution remains Failed; a new execution rolls the stage back."""
    stage.played.parts["source"] = brings("old")
    good = stage.run(rolling())
    stage.played.parts["source"] = brings("new")
    stage.played.parts["deploy"] = lambda task: ending(task) if task.action.configuration["say"] == "new" else ok(task)
    failed = stage.run(rolling())
    stage.wait()
    back = latest(stage)
    assert (failed.status, back.status, back.origin.rollback_of) == ("Failed", "Succeeded", good.id)
    detail = json.loads(back.origin.trigger["triggerDetail"])
    assert (back.origin.trigger["triggerType"], detail) == (
        "AutomatedRollback",
        {"FailedPipelineExecutionId": failed.id},
    )
    assert stage.events(failed)[-1]["rolled_back_as"] == back.id


def test_a_stopped_stage_is_not_rolled_back(stage: Stage) -> None:
    """A stage does not roll itself back after a stop."""
    stage.run(rolling())
    stage.played.parts["deploy"] = until_stopped
    execution = stage.start(rolling())
    eventually(lambda: stage.played.seen.count("deploy") == 2)
    stage.stop(execution, abandon=True)
    stage.wait()
    assert (execution.status, latest(stage)) == ("Stopped", execution)


def test_without_a_good_execution_there_is_nothing_to_roll_back_to(stage: Stage) -> None:
    """The summary says that no execution has succeeded in the stage; the execution remains Failed."""
    stage.played.parts["deploy"] = fails
    execution = stage.run(rolling())
    assert execution.status == "Failed"
    why = "Two was not rolled back, and keeps what was deployed: no execution has succeeded in Two yet"
    assert why in execution.summary


def test_a_rollback_that_fails_is_not_rolled_back_itself(stage: Stage) -> None:
    """A failed rollback is not rolled back, so that rollbacks end."""
    good = stage.run(rolling())
    stage.played.parts["deploy"] = fails
    stage.run(rolling())
    stage.wait()
    back = latest(stage)
    assert (back.status, back.origin.rollback_of) == ("Failed", good.id)
    assert "Two was not rolled back" in back.summary
    assert back.summary.endswith("is a rollback itself")


def test_an_undocumented_rollback_target_is_reported(stage: Stage) -> None:
    """The summary says where CodePipeline does not document which execution it rolls back to."""
    parts = stage.played.parts
    parts["deploy"] = lambda task: ok(task) if task.action.configuration["say"] == "good" else fails(task)
    parts["source"] = brings("good")
    good = stage.run(rolling())
    parts["source"] = brings("bad")
    first = stage.run(rolling())
    stage.wait()
    second = stage.run(rolling())
    stage.wait()
    assert latest(stage).origin.rollback_of == good.id
    changed = rolling() | {"variables": [{"name": "x", "defaultValue": "1"}]}
    stage.engine.update(KEY, changed, restart=False)
    third = stage.run(changed)
    stage.wait()
    assert f"Two was not rolled back, and keeps what was deployed: {second.id} started with version" in third.summary
    assert "CodePipeline does not say" not in first.summary
    assert "CodePipeline does not say whether it takes an earlier one" in second.summary


def test_a_rollback_reaches_no_execution_of_an_earlier_definition(stage: Stage) -> None:
    """A rollback is rejected if the target started with an earlier version of the pipeline."""
    old = stage.run(two_stages())
    stage.engine.update(KEY, two_stages(variables=[{"name": "x", "defaultValue": "1"}]), restart=False)
    with pytest.raises(RequestRejected, match="version 1 of the pipeline; the present one is 2") as refused:
        stage.rollback("Two", old)
    assert refused.value.code == "PipelineExecutionOutdatedException"


def test_the_source_stage_cannot_be_rolled_back(stage: Stage) -> None:
    """A rollback of the source stage is rejected with CodePipeline's error code."""
    old = stage.run(two_stages())
    with pytest.raises(RequestRejected, match="One is the source stage") as refused:
        stage.rollback("One", old)
    assert refused.value.code == "UnableToRollbackStageException"


def test_a_rollback_is_no_target_of_a_rollback(stage: Stage) -> None:
    """A rollback is rejected as the target of another rollback."""
    back = stage.rollback("Two", stage.run(two_stages()))
    stage.wait()
    with pytest.raises(RequestRejected, match="is a rollback itself"):
        stage.rollback("Two", back)


def test_a_target_that_failed_in_the_stage_is_refused(stage: Stage) -> None:
    """A rollback is rejected if the target failed in the stage."""
    stage.played.parts["deploy"] = fails
    old = stage.run(two_stages())
    with pytest.raises(RequestRejected, match="did not succeed in Two"):
        stage.rollback("Two", old)


def test_parallel_executions_know_no_rollback(stage: Stage) -> None:
    """A rollback of a pipeline in PARALLEL mode is rejected."""
    old = stage.run(two_stages(executionMode="PARALLEL"))
    with pytest.raises(RequestRejected, match="PARALLEL"):
        stage.rollback("Two", old)


def test_yesterdays_execution_can_be_rolled_back_to(stage: Stage, tmp_path: Any) -> None:
    """A new engine can roll back to an execution of an earlier one, with its artifacts and variables."""
    stage.played.parts["source"] = brings("old")
    old = stage.run(two_stages())
    stage.engine.disable_transition(KEY, "Two", "freeze", "somebody")
    stage.engine.close()
    tomorrow = Stage(tmp_path)
    assert tomorrow.engine.load() == []
    disabled = tomorrow.engine.pipelines[KEY].disabled["Two"]
    assert (disabled.reason, disabled.by) == ("freeze", "somebody")
    tomorrow.engine.enable_transition(KEY, "Two")
    back = tomorrow.rollback("Two", tomorrow.live(tomorrow.engine.executions[old.id]))
    tomorrow.wait()
    assert (back.status, back.variables["Deploy"]) == ("Succeeded", {"said": "old"})


def ok(task: Task) -> Outcome:
    return Outcome(False, "done", variables={"said": task.action.configuration["say"]})


def latest(stage: Stage) -> Live:
    return stage.all[-1]
