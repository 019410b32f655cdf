"""A cloud assembly: its stacks, their accounts and regions, and the pipeline among their resources.

Source: AWS CDK, "cloud-assembly-schema".
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypedDict, cast

from rehearsal.engine.model.cloudformation import preview_pipeline
from rehearsal.engine.model.definition import Pipeline
from rehearsal.errors import WrongUse
from rehearsal.json_values import items, text
from rehearsal.project.template_types import PipelineProperties, Template, TemplateResource

MANIFEST = "manifest.json"
PIPELINE = "AWS::CodePipeline::Pipeline"
DEFAULT_ENVIRONMENT = ("111111111111", "us-east-1")
NESTED = "AWS::CloudFormation::Stack"
QUALIFIER = "hnb659fds"


class ArtifactProperties(TypedDict, total=False):
    bootstrapStackVersionSsmParameter: str
    directoryName: str
    stackName: str
    templateFile: str


class Artifact(TypedDict, total=False):
    """An artifact of a manifest.json."""

    dependencies: Sequence[str]
    displayName: str
    environment: str
    properties: ArtifactProperties
    type: str


@dataclass(frozen=True)
class Environment:
    """An account and region to bootstrap. qualifier: of the bootstrap stack that the app expects there."""

    account: str
    region: str
    qualifier: str = QUALIFIER

    @property
    def toolkit(self) -> str:
        """The name of the bootstrap stack: CDKToolkit, or a name with the qualifier where that is not the default."""
        return "CDKToolkit" if self.qualifier == QUALIFIER else f"CDKToolkit-{self.qualifier}"

    def __str__(self) -> str:
        return f"{self.account}/{self.region}" + (f" ({self.qualifier})" if self.qualifier != QUALIFIER else "")


@dataclass(frozen=True)
class Stack:
    """One stack of an assembly. id: its name for the CDK CLI. artifact: its id in the manifest. needs: the ids of the
    artifacts that it depends on.
    """

    id: str
    name: str
    account: str
    region: str
    template: Path
    artifact: str = ""
    needs: tuple[str, ...] = ()
    qualifier: str = QUALIFIER

    @property
    def environment(self) -> Environment:
        return Environment(self.account, self.region, self.qualifier)

    def templates(self) -> Iterator[tuple[tuple[str, ...], Template]]:
        """Yield (logical ids of nested stacks, template) of the stack and its nested stacks."""
        yield from _templates(self.template, ())

    def resources(self, type_: str) -> dict[str, TemplateResource]:
        """Return logical id -> resource of the template's resources of one type."""
        resources = json.loads(self.template.read_text()).get("Resources", {})
        return {id_: resource for id_, resource in resources.items() if resource["Type"] == type_}


class Branch(NamedTuple):
    """A branch that a source action follows; source: the name of the action."""

    source: str
    name: str


@dataclass(frozen=True)
class PipelineResource:
    """A pipeline in a stack's template. id: its logical id. nested: the logical ids of the nested stacks around it."""

    stack: Stack
    id: str
    properties: PipelineProperties
    nested: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names that --pipeline accepts: those of its stack, its own name if it has one, its logical id."""
        name = self.properties.get("Name")
        names = [name] if isinstance(name, str) else []
        return (self.stack.id, self.stack.name, *names, self.id, f"{self.stack.id}/{self.id}")

    @property
    def branches(self) -> list[Branch]:
        """The branches that its source actions follow, without those that only CloudFormation can resolve."""
        actions = self.properties["Stages"][0]["Actions"]
        return followed_branches((self._name(action["Name"]), action.get("Configuration", {})) for action in actions)

    def definition(self) -> Pipeline:
        """Return the definition; `${...}` marks the values that CloudFormation inserts when it deploys the pipeline."""
        return preview_pipeline(str(self.properties.get("Name") or self.stack.name), self.properties)

    def _name(self, value: object) -> str:
        """Return the name of an action, which CDK takes from its repository, also from one that the stack creates."""
        repository, attribute = [*items(value, "Fn::GetAtt"), "", ""][:2]
        created = self.stack.resources("AWS::CodeCommit::Repository").get(str(repository))
        name = text(created, "Properties", "RepositoryName") if attribute == "Name" else ""
        return value if isinstance(value, str) else name or json.dumps(value)


@dataclass(frozen=True)
class Assembly:
    """A cloud assembly with the pipeline to rehearse.

    stacks: the pipeline's stack, its dependencies, and the stacks of all CDK stages.
    """

    folder: Path
    pipeline: PipelineResource
    stacks: tuple[Stack, ...]

    @property
    def pipeline_stack(self) -> Stack:
        return self.pipeline.stack

    @property
    def environments(self) -> list[Environment]:
        """Every environment that a stack is deployed to, the pipeline's first."""
        first, environments = self.pipeline_stack.environment, {stack.environment for stack in self.stacks}
        return [first, *sorted(environments - {first}, key=str)]

    @property
    def architectures(self) -> set[str]:
        """The architectures of all functions, by Lambda's names."""
        functions = [
            resource for stack in self.stacks for resource in stack.resources("AWS::Lambda::Function").values()
        ]
        return {
            str(arch) for function in functions for arch in items(function, "Properties", "Architectures") or ["x86_64"]
        }


def followed_branches(sources: Iterable[tuple[str, Mapping[str, object]]]) -> list[Branch]:
    """Return the branches in the configurations of source actions, without unresolved intrinsic functions."""
    named = [(name, settings.get("BranchName") or settings.get("Branch")) for name, settings in sources]
    return [Branch(source, name) for source, name in named if isinstance(name, str)]


def read(folder: Path, requested: str | None = None, default: tuple[str, str] = DEFAULT_ENVIRONMENT) -> Assembly:
    """Read a cloud assembly, such as `cdk.out`.

    requested: a name of the pipeline; required where there are several. default: the account and region of
    environment-agnostic stacks. Raises WrongUse where no pipeline, or more than one, matches.
    """
    top, staged = list(_stacks(folder, default)), list(_staged(folder, default))
    pipeline = _choose_pipeline(folder, top, staged, requested)
    by_artifact = {stack.artifact: stack for stack in [*top, *staged]}
    needed = dict.fromkeys([pipeline.stack, *_needed(pipeline.stack, by_artifact), *staged])
    return Assembly(folder, pipeline, tuple(needed))


def is_assembly(folder: Path) -> bool:
    """Return whether a folder has the manifest of a cloud assembly."""
    return (folder / MANIFEST).is_file()


def schema_version(folder: Path) -> int:
    """Return the major version of the schema that a cloud assembly has."""
    return int(json.loads((folder / MANIFEST).read_text())["version"].partition(".")[0])


def find_assemblies(folder: Path) -> Iterator[Path]:
    """Yield every cloud assembly in a folder of sources, without those in it and in installed packages."""
    for path, names, files in os.walk(folder):
        if {"cdk.out", MANIFEST} <= {*files}:
            yield Path(path)
            names.clear()
        names[:] = [name for name in names if name != "node_modules" and not name.startswith(".")]


def all_stacks(folder: Path) -> list[Stack]:
    """Return every stack of a cloud assembly, with those of all CDK stages."""
    return [*_stacks(folder, DEFAULT_ENVIRONMENT), *_staged(folder, DEFAULT_ENVIRONMENT)]


def pipelines(stacks: Iterable[Stack]) -> Iterator[PipelineResource]:
    """Yield the pipelines in the templates of these stacks."""
    for stack in stacks:
        for nested, template in stack.templates():
            for id_, resource in template.get("Resources", {}).items():
                if resource["Type"] == PIPELINE:
                    yield PipelineResource(stack, id_, cast("PipelineProperties", resource["Properties"]), nested)


def _templates(path: Path, ids: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Template]]:
    """The template and those of its nested stacks, which are file assets of the assembly."""
    template: Template = json.loads(path.read_text())
    yield ids, template
    for id_, resource in template.get("Resources", {}).items():
        asset = text(resource, "Metadata", "aws:asset:path")
        if resource["Type"] == NESTED and asset.endswith(".json"):
            yield from _templates(path.parent / asset, (*ids, id_))


def _choose_pipeline(folder: Path, top: list[Stack], staged: list[Stack], requested: str | None) -> PipelineResource:
    """A pipeline in the app's top-level stacks, or, where these have none, in the stacks of CDK stages."""
    candidates = [*pipelines(top)] or [*pipelines(staged)]
    matches = [pipeline for pipeline in candidates if requested is None or requested in pipeline.names]
    if len(matches) == 1:
        return matches[0]
    names = ", ".join(_qualified_id(pipeline, candidates) for pipeline in candidates) or "none"
    if not candidates or requested is None:
        other = "--app names another app, and [context] in rehearsal.toml is for apps that read context"
        hint = f"; {'choose one with --pipeline' if candidates else other}"
        raise WrongUse(f"{folder} must hold one stack with an {PIPELINE}; found: {names}{hint}")
    raise WrongUse(f"--pipeline {requested}: {len(matches) or 'no'} pipelines are called so; there are {names}")


def _qualified_id(pipeline: PipelineResource, pipelines: list[PipelineResource]) -> str:
    """The id of the pipeline's stack; with the logical id where the stack has several pipelines."""
    is_unique = sum(other.stack == pipeline.stack for other in pipelines) == 1
    return pipeline.stack.id if is_unique else f"{pipeline.stack.id}/{pipeline.id}"


def _needed(stack: Stack, by_artifact: Mapping[str, Stack]) -> Iterator[Stack]:
    """The stacks that `cdk deploy` deploys before this one, its dependencies included."""
    for need in stack.needs:
        if need in by_artifact:
            yield from _needed(by_artifact[need], by_artifact)
            yield by_artifact[need]


def _manifest(folder: Path) -> dict[str, Artifact]:
    if not is_assembly(folder):
        raise WrongUse(f"{folder} is not a cloud assembly: it has no {MANIFEST}")
    return dict(json.loads((folder / MANIFEST).read_text()).get("artifacts", {}))


def _stacks(folder: Path, default: tuple[str, str]) -> Iterator[Stack]:
    for id_, artifact in _manifest(folder).items():
        if artifact["type"] != "aws:cloudformation:stack":
            continue
        account, region = artifact["environment"].removeprefix("aws://").split("/")
        properties = artifact["properties"]
        yield Stack(
            id=artifact.get("displayName", id_).partition(" (")[0],
            name=properties.get("stackName", id_),
            account=default[0] if account == "unknown-account" else account,
            region=default[1] if region == "unknown-region" else region,
            template=folder / properties["templateFile"],
            artifact=id_,
            needs=tuple(artifact.get("dependencies", [])),
            qualifier=_qualifier(properties),
        )


def _qualifier(properties: ArtifactProperties) -> str:
    """The qualifier in `/cdk-bootstrap/<qualifier>/version`, the SSM parameter that the stack reads."""
    match = re.match(r"/cdk-bootstrap/([^/]+)/version", properties.get("bootstrapStackVersionSsmParameter", ""))
    return match[1] if match else QUALIFIER


def _staged(folder: Path, default: tuple[str, str]) -> Iterator[Stack]:
    """The stacks of all nested assemblies; each CDK stage has one."""
    for artifact in _manifest(folder).values():
        if artifact["type"] == "cdk:cloud-assembly":
            nested = folder / artifact["properties"]["directoryName"]
            yield from _stacks(nested, default)
            yield from _staged(nested, default)
