"""A cloud assembly: its stacks, their accounts and regions, and the pipeline among their resources."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from rehearsal.engine.model.cloudformation import preview_pipeline
from rehearsal.engine.model.definition import Pipeline
from rehearsal.json_values import items, text
from rehearsal.project.template_types import PipelineProperties, Template, TemplateResource

PIPELINE = "AWS::CodePipeline::Pipeline"
NESTED = "AWS::CloudFormation::Stack"
QUALIFIER = "hnb659fds"


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


def _templates(path: Path, ids: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Template]]:
    """The template and those of its nested stacks, which are file assets of the assembly."""
    template: Template = json.loads(path.read_text())
    yield ids, template
    for id_, resource in template.get("Resources", {}).items():
        asset = text(resource, "Metadata", "aws:asset:path")
        if resource["Type"] == NESTED and asset.endswith(".json"):
            yield from _templates(path.parent / asset, (*ids, id_))
