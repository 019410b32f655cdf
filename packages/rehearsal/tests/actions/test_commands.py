"""The Commands action in the embedded AWS: files, variables, failures."""

from __future__ import annotations

from typing import Any

import pytest

from tests.actions.conftest import Json, Pipelines, kind

pytestmark = pytest.mark.slow


def commands(*lines: str, **more: Any) -> Json:
    return {
        "name": "Run",
        "actionTypeId": kind("Compute", "Commands"),
        "commands": list(lines),
        "inputArtifacts": [{"name": "Code"}],
        **more,
    }


def test_commands_make_an_artifact_and_variables(pipelines: Pipelines) -> None:
    """The artifact has only the files that match its patterns; output variables have their last values."""
    action = commands(
        "mkdir out && cp said.txt out/ && touch left",
        "export ANSWER=$((ONE + 41))",
        environmentVariables=[{"name": "ONE", "value": "1"}],
        outputVariables=["ANSWER", "CODEBUILD_BUILD_ID"],
        outputArtifacts=[{"name": "Built", "files": ["out/**/*"]}],
        namespace="Run",
    )
    ran = pipelines.run(pipelines.source({"said.txt": "yes"}), action)
    assert (ran.status, ran.summary) == ("Succeeded", "")
    variables = ran.variables("Run")
    assert variables["ANSWER"] == "42"
    assert variables["CODEBUILD_BUILD_ID"]
    assert pipelines.download(ran.artifact("Run")).namelist() == ["out/said.txt"]


def test_an_artifact_without_patterns_has_all_files(pipelines: Pipelines) -> None:
    """An output artifact without `files` contains the input's files and the files that the commands created."""
    action = commands("touch made", outputArtifacts=[{"name": "Built"}])
    ran = pipelines.run(pipelines.source({"said.txt": "yes"}), action)
    assert sorted(pipelines.download(ran.artifact("Run")).namelist()) == ["made", "said.txt"]


def test_a_command_that_fails_fails_the_action(pipelines: Pipelines) -> None:
    """A command that fails fails the action, and the action's summary names the command."""
    ran = pipelines.run(pipelines.source({"said.txt": "yes"}), commands("test -f absent", "touch never"))
    assert ran.status == "Failed"
    assert "test -f absent" in ran.actions["Run"]["output"]["executionResult"]["externalExecutionSummary"]
