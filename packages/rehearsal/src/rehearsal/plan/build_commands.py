"""The builds of a pipeline: what they will run, as their projects say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from rehearsal.aws import Endpoint, root
from rehearsal.engine.model.cloudformation import preview_pipeline
from rehearsal.engine.model.definition import Pipeline, PipelineKey
from rehearsal.project.cloud_assembly import Assembly

PROJECT = "AWS::CodeBuild::Project"
_REFERENCE = "${{{}}}"
PHASES = ("install", "pre_build", "build", "post_build")


@dataclass(frozen=True)
class PlannedBuild:
    """One CodeBuild action; `commands` is empty where the buildspec lies in the source.

    project: its name; in a template that leaves it open, the logical id.
    """

    stage: str
    action: str
    project: str
    commands: tuple[str, ...]

    @property
    def where(self) -> str:
        return f"{self.stage}/{self.action}"


def deployed_builds(endpoint: Endpoint, key: PipelineKey, pipeline: Pipeline) -> list[PlannedBuild]:
    """Every CodeBuild action of the deployed pipeline, with the commands of its deployed project."""
    actions = _build_actions(pipeline)
    names = sorted({project for _, _, project in actions})
    api = endpoint.client("codebuild", root(key.account), key.region)
    found = api.batch_get_projects(names=names)["projects"] if names else []
    specs = {each["name"]: each["source"].get("buildspec", "") for each in found}
    return [PlannedBuild(*each, tuple(commands(specs.get(each[2], "")))) for each in actions]


def synthesized_builds(cloud: Assembly) -> list[PlannedBuild]:
    """Every CodeBuild action of a new assembly's pipeline, with the commands of its project's new template."""
    projects: dict[str, tuple[str, tuple[str, ...]]] = {}
    for id_, resource in cloud.pipeline.resources(PROJECT).items():
        name, source = resource["Properties"].get("Name"), resource["Properties"]["Source"]
        found = (name if isinstance(name, str) else id_, tuple(commands(_text(source.get("BuildSpec", "")))))
        projects |= dict.fromkeys((found[0], _REFERENCE.format(id_)), found)
    actions = _build_actions(preview_pipeline("", cloud.chosen.properties))
    return [PlannedBuild(stage, action, *projects.get(name, (name, ()))) for stage, action, name in actions]


def _build_actions(pipeline: Pipeline) -> list[tuple[str, str, str]]:
    """Stage, action and project of each CodeBuild action."""
    return [
        (stage.name, action.name, action.configuration["ProjectName"])
        for stage in pipeline.stages
        for action in stage.actions
        if action.type.provider == "CodeBuild"
    ]


def _text(spec: Any) -> str:
    """Values that CloudFormation puts into a buildspec, such as a region, match anything."""
    if isinstance(spec, str):
        return spec
    return "".join(each if isinstance(each, str) else "..." for each in spec.get("Fn::Join", ["", []])[1])


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
