"""Variables of the pipeline, of actions, and of the execution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rehearsal.engine.action_api import Artifact, Outcome, Revision, Task
from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.definition import ArtifactStore
from rehearsal.engine.model.variables import UnknownVariable, resolve
from tests.engine.conftest import KEY, Stage, action, declaration, errors, eventually, fails, until_stopped

START = {"triggerType": "StartPipelineExecution"}


def declared(*variables: dict[str, str], say: str) -> dict[str, Any]:
    return declaration([action("a", say=say, namespace="First")], variables=list(variables))


def test_pipeline_variables_have_the_value_of_the_start_or_their_default(stage: Stage) -> None:
    """`#{variables.name}` becomes the value of the start, or the default."""
    both = [{"name": "x", "defaultValue": "1"}, {"name": "y", "defaultValue": "2"}]
    stage.engine.create(KEY, declared(*both, say="#{variables.x} #{variables.y}"))
    execution = stage.live(stage.engine.start(KEY, trigger=START, variables={"y": "3"}))
    stage.wait()
    assert execution.variables["First"] == {"said": "1 3"}


def test_a_variable_that_the_pipeline_does_not_declare_is_refused(stage: Stage) -> None:
    """A start with an undeclared variable is rejected, and no execution starts."""
    stage.engine.create(KEY, declared({"name": "x", "defaultValue": "1"}, say=""))
    with pytest.raises(RequestRejected, match="has no variable z; there are x"):
        stage.engine.start(KEY, trigger=START, variables={"z": "3"})
    assert stage.engine.executions == {}


def test_a_variable_without_a_default_needs_a_value(stage: Stage) -> None:
    """A start without a value for a variable that has no default is rejected."""
    stage.engine.create(KEY, declared({"name": "x"}, say=""))
    with pytest.raises(RequestRejected, match="x has no default"):
        stage.engine.start(KEY, trigger=START)


def test_the_execution_id_is_a_variable(stage: Stage) -> None:
    """`#{codepipeline.PipelineExecutionId}` becomes the execution's id."""
    execution = stage.run(declared(say="#{codepipeline.PipelineExecutionId}"))
    assert execution.variables["First"] == {"said": execution.id}


@pytest.mark.parametrize("ending", [fails, errors])
def test_an_action_that_fails_gives_no_variables(stage: Stage, ending: Callable[..., Outcome]) -> None:
    """The namespace of a failed action does not exist."""
    stage.played.parts["a"] = ending
    assert "First" not in stage.run(declared(say="x")).variables


def test_an_artifact_knows_the_revision_that_it_was_made_from(stage: Stage) -> None:
    """An artifact has the revision of its source, or of the primary input of the action that created it."""

    def makes(task: Task) -> Outcome:
        brought = Revision(task.action.name, f"rev-of-{task.action.name}") if task.stage == "One" else None
        made = {name: Artifact(ArtifactStore("bucket", None), name) for name in task.action.outputs}
        return Outcome(False, "made", outputs=made, revision=brought)

    stage.played.parts |= {"a": makes, "b": makes, "c": makes}
    a, b = ({**action(name), "outputArtifacts": [{"name": name.upper()}]} for name in ("a", "b"))
    both = {"inputArtifacts": [{"name": "A"}, {"name": "B"}], "outputArtifacts": [{"name": "C"}]}
    execution = stage.run(declaration([a, b], [{**action("c", PrimarySource="B"), **both}]))
    assert {name: artifact.revision for name, artifact in execution.artifacts.items()} == {
        "A": "rev-of-a",
        "B": "rev-of-b",
        "C": "rev-of-b",
    }


def test_an_action_that_is_stopped_gives_no_variables(stage: Stage) -> None:
    """The namespace of a stopped action does not exist."""
    stage.played.parts["a"] = until_stopped
    execution = stage.start(declared(say="x"))
    eventually(lambda: bool(stage.played.seen))
    stage.stop(execution, abandon=True)
    stage.wait()
    assert "First" not in execution.variables


def test_the_state_keeps_what_was_written_and_what_it_became(stage: Stage) -> None:
    """The state has an action's configuration as declared and as resolved."""
    execution = stage.run(declared({"name": "x", "defaultValue": "1"}, say="#{variables.x}"))
    state = execution.actions[("One", "a")]
    assert (execution.action_of(state).configuration, state.resolved) == ({"say": "#{variables.x}"}, {"say": "1"})


def test_values_are_inserted_as_they_are() -> None:
    """A variable's value that looks like a reference is not resolved."""
    assert resolve("#{a.b}", {"a": {"b": "#{a.c}"}}) == "#{a.c}"


@pytest.mark.parametrize("text", ["#{ab}", "#a.b", "$", "", "#{a.b"])
def test_text_without_a_reference_is_unchanged(text: str) -> None:
    """Text that is not a variable reference is unchanged."""
    assert resolve(text, {}) == text


def test_an_unknown_key_is_reported() -> None:
    """An unknown key fails; the error lists the keys of the namespace."""
    with pytest.raises(UnknownVariable, match="a has no c; it has b"):
        resolve("#{a.c}", {"a": {"b": "1"}})
