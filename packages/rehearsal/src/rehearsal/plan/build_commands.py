"""The builds of a pipeline, and the commands in their projects' inline buildspecs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from rehearsal.aws import Endpoint, root
from rehearsal.codebuild import buildspec_yaml
from rehearsal.codebuild.buildspec import Phases, is_inline
from rehearsal.engine.model.definition import Pipeline, PipelineKey
from rehearsal.json_values import items, member, text
from rehearsal.project.cloud_assembly import Assembly

PROJECT = "AWS::CodeBuild::Project"


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


class _BuildAction(NamedTuple):
    stage: str
    action: str
    project: str


def deployed_builds(endpoint: Endpoint, key: PipelineKey, pipeline: Pipeline) -> list[PlannedBuild]:
    """Return every CodeBuild action of the deployed pipeline, with the commands of its deployed project."""
    actions = _build_actions(pipeline)
    names = sorted({action.project for action in actions})
    api = endpoint.client("codebuild", root(key.account), key.region)
    projects = api.batch_get_projects(names=names)["projects"] if names else []
    commands_of = {project["name"]: _commands(project["source"].get("buildspec", "")) for project in projects}
    return [PlannedBuild(*action, commands_of.get(action.project, ())) for action in actions]


def synthesized_builds(assembly: Assembly) -> list[PlannedBuild]:
    """Return every CodeBuild action of an assembly's pipeline, with the commands of its project in the template."""
    projects: dict[str, tuple[str, tuple[str, ...]]] = {}
    for id_, resource in assembly.pipeline_stack.resources(PROJECT).items():
        name = text(resource, "Properties", "Name") or id_
        project = (name, _commands(_spec_text(member(resource, "Properties", "Source", "BuildSpec"))))
        projects |= {name: project, f"${{{id_}}}": project}  # an action names its project, or refers to the logical id
    return [
        PlannedBuild(stage, action, *projects.get(project, (project, ())))
        for stage, action, project in _build_actions(assembly.pipeline.definition())
    ]


def _build_actions(pipeline: Pipeline) -> list[_BuildAction]:
    return [
        _BuildAction(stage.name, action.name, action.configuration["ProjectName"])
        for stage in pipeline.stages
        for action in stage.actions
        if action.type.provider == "CodeBuild"
    ]


def _commands(spec: str) -> tuple[str, ...]:
    """Return the commands of an inline buildspec, in order; none for the name of a file."""
    if not is_inline(spec):
        return ()
    document, _ = buildspec_yaml.load(spec)
    commands: list[str] = []
    for phase in Phases.model_fields:
        for key in ("commands", "finally"):
            lines = member(document, "phases", phase, key)
            commands += [lines] if isinstance(lines, str) else map(str, items(lines))
    return tuple(commands)


def _spec_text(spec: object) -> str:
    """Return the text of a template's buildspec, with `...` for values that CloudFormation inserts."""
    if isinstance(spec, str):
        return spec
    joined = items(spec, "Fn::Join")
    if len(joined) != 2:
        return ""
    return "".join(part if isinstance(part, str) else "..." for part in items(joined[1]))
