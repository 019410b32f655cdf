"""The builds of a pipeline: what they will run, as their deployed projects say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from rehearsal.aws import Endpoint, root
from rehearsal.engine.definition import Pipeline, PipelineKey

PHASES = ("install", "pre_build", "build", "post_build")


@dataclass(frozen=True)
class Job:
    """One CodeBuild action; `commands` is empty where the buildspec lies in the source."""

    stage: str
    action: str
    project: str
    commands: tuple[str, ...]

    @property
    def where(self) -> str:
        return f"{self.stage}/{self.action}"


def deployed(endpoint: Endpoint, key: PipelineKey, pipeline: Pipeline) -> list[Job]:
    """Every CodeBuild action of the deployed pipeline, with the commands of its deployed project."""
    actions = [
        (stage.name, action.name, action.configuration["ProjectName"])
        for stage in pipeline.stages
        for action in stage.actions
        if action.type.provider == "CodeBuild"
    ]
    names = sorted({project for _, _, project in actions})
    api = endpoint.client("codebuild", root(key.account), key.region)
    found = api.batch_get_projects(names=names)["projects"] if names else []
    specs = {each["name"]: each["source"].get("buildspec", "") for each in found}
    return [Job(*each, tuple(commands(specs.get(each[2], "")))) for each in actions]


def commands(buildspec: str) -> Iterator[str]:
    """The commands of an inline buildspec, in order; of a file's name, none."""
    if "\n" not in buildspec and not buildspec.lstrip().startswith("{"):
        return
    read = yaml.safe_load(buildspec)
    phases: Mapping[str, Any] = read.get("phases", {}) if isinstance(read, dict) else {}
    for name in PHASES:
        phase = phases.get(name) or {}
        for key in ("commands", "finally"):
            said = phase.get(key) or []
            yield from [said] if isinstance(said, str) else map(str, said)
