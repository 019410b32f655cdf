"""The builds of a pipeline, and the commands in their projects' inline buildspecs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rehearsal.aws import Endpoint, root
from rehearsal.codebuild import buildspec_yaml
from rehearsal.codebuild.buildspec import Phases, is_inline
from rehearsal.engine.model.cloudformation import preview_pipeline
from rehearsal.engine.model.definition import Pipeline, PipelineKey
from rehearsal.json_values import items, mapping, member
from rehearsal.project.cloud_assembly import Assembly

PROJECT = "AWS::CodeBuild::Project"
_REFERENCE = "${{{}}}"


@dataclass(frozen=True)
class PlannedBuild:
    """One CodeBuild action. commands: empty where the buildspec is a file in the source.

    project: its name; the logical id where the template sets no name.
    """

    stage: str
    action: str
    project: str
    commands: tuple[str, ...]

    @property
    def where(self) -> str:
        return f"{self.stage}/{self.action}"


def deployed_builds(endpoint: Endpoint, key: PipelineKey, pipeline: Pipeline) -> list[PlannedBuild]:
    """Return every CodeBuild action of the deployed pipeline, with the commands of its deployed project."""
    actions = _build_actions(pipeline)
    names = sorted({project for _, _, project in actions})
    api = endpoint.client("codebuild", root(key.account), key.region)
    projects = api.batch_get_projects(names=names)["projects"] if names else []
    specs = {project["name"]: project["source"].get("buildspec", "") for project in projects}
    return [PlannedBuild(*action, tuple(commands(specs.get(action[2], "")))) for action in actions]


def synthesized_builds(cloud: Assembly) -> list[PlannedBuild]:
    """Return every CodeBuild action of an assembly's pipeline, with the commands of its project in the template."""
    projects: dict[str, tuple[str, tuple[str, ...]]] = {}
    for id_, resource in cloud.pipeline.resources(PROJECT).items():
        name, source = member(resource, "Properties", "Name"), mapping(resource, "Properties", "Source")
        project = (name if isinstance(name, str) else id_, tuple(commands(_text(source.get("BuildSpec", "")))))
        projects |= dict.fromkeys((project[0], _REFERENCE.format(id_)), project)
    actions = _build_actions(preview_pipeline("", cloud.chosen.properties))
    return [PlannedBuild(stage, action, *projects.get(name, (name, ()))) for stage, action, name in actions]


def _build_actions(pipeline: Pipeline) -> list[tuple[str, str, str]]:
    """(stage, action, project) of each CodeBuild action."""
    return [
        (stage.name, action.name, action.configuration["ProjectName"])
        for stage in pipeline.stages
        for action in stage.actions
        if action.type.provider == "CodeBuild"
    ]


def _text(spec: object) -> str:
    """The text of a buildspec, with `...` for values that CloudFormation inserts, such as a region."""
    if isinstance(spec, str):
        return spec
    joined = items(spec, "Fn::Join")
    if len(joined) != 2:
        return ""
    return "".join(part if isinstance(part, str) else "..." for part in items(joined[1]))


def commands(declared: str) -> Iterator[str]:
    """Yield the commands of an inline buildspec, in order; nothing for the name of a file."""
    if not is_inline(declared):
        return
    document, _ = buildspec_yaml.load(declared)
    for phase in Phases.model_fields:
        for key in ("commands", "finally"):
            lines = member(document, "phases", phase, key)
            yield from [lines] if isinstance(lines, str) else map(str, items(lines))
