"""The action Commands: its files, variables and endings, on a pipeline in the embedded AWS."""

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
    """Of the files that the output artifact names, and of the variables that are named, as they are in the end."""
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
    """Those of the input and those that the commands made."""
    action = commands("touch made", outputArtifacts=[{"name": "Built"}])
    ran = pipelines.run(pipelines.source({"said.txt": "yes"}), action)
    assert sorted(pipelines.download(ran.artifact("Run")).namelist()) == ["made", "said.txt"]


def test_a_command_that_fails_fails_the_action(pipelines: Pipelines) -> None:
    """The action's summary names it."""
    ran = pipelines.run(pipelines.source({"said.txt": "yes"}), commands("test -f absent", "touch never"))
    assert ran.status == "Failed"
    assert "test -f absent" in ran.actions["Run"]["output"]["executionResult"]["externalExecutionSummary"]
