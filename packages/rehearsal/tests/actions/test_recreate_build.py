"""Builds that are recreated for a shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from rehearsal.actions.codebuild_project import Project
from rehearsal.actions.recreate_build import EndedBuild, _build
from rehearsal.engine.model.definition import PipelineKey

PROJECT: Any = {
    "name": "synth",
    "arn": "arn:aws:codebuild:eu-west-1:111111111111:project/synth",
    "serviceRole": "arn:aws:iam::111111111111:role/build",
    "source": {"type": "CODEPIPELINE", "buildspec": "buildspec.yml"},
    "environment": {"image": "aws/codebuild/standard:7.0", "privilegedMode": True},
    "cache": {"type": "LOCAL"},
}
VARIABLES = '[{"name": "STAGE", "value": "dev"}]'


@pytest.fixture
def ended(tmp_path: Path) -> EndedBuild:
    """A build that has ended, with two input artifacts of which the second one is primary."""
    configuration = {"ProjectName": "synth", "EnvironmentVariables": VARIABLES, "PrimarySource": "Second"}
    artifacts = [{"name": name, "s3location": {"bucket": "b", "key": name}} for name in ("First", "Second")]
    detail: Any = {"input": {"region": "eu-west-1", "configuration": configuration, "inputArtifacts": artifacts}}
    return EndedBuild(Mock(), PipelineKey("111111111111", "eu-west-1", "tiny"), detail, tmp_path)


def test_a_shell_has_the_settings_of_the_build(ended: EndedBuild) -> None:
    """The build of a shell has its project's image and privileged mode, and the action's variables, but no cache."""
    build = _build(ended, Project.read(PROJECT))
    assert (build.image, build.privileged, build.cached) == ("aws/codebuild/standard:7.0", True, False)
    assert [(variable.name, variable.value) for variable in build.overrides] == [("STAGE", "dev")]


def test_the_folders_of_a_failed_build_are_used_if_all_are_left(ended: EndedBuild) -> None:
    """The sources of a failed build are used only if all of them exist; the primary source has no name."""
    sources = ended.action_folder / "sources"
    (sources / "First").mkdir(parents=True)
    assert ended.remaining_sources() == {}
    (sources / "Second").mkdir()
    assert ended.remaining_sources() == {"First": sources / "First", "": sources / "Second"}
