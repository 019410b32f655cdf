"""A cloud assembly: which stacks it holds, for which accounts, and which of them is the pipeline.

Source: AWS CDK, "cloud-assembly-schema".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.errors import WrongUse

PIPELINE = "AWS::CodePipeline::Pipeline"
NESTED = "AWS::CloudFormation::Stack"
QUALIFIER = "hnb659fds"


@dataclass(frozen=True)
class Environment:
    """An account and region to bootstrap; `qualifier` is that of the bootstrap stack which the app expects there."""

    account: str
    region: str
    qualifier: str = QUALIFIER

    @property
    def toolkit(self) -> str:
        """The name of its bootstrap stack, CDK's own unless there has to be one for another qualifier."""
        return "CDKToolkit" if self.qualifier == QUALIFIER else f"CDKToolkit-{self.qualifier}"

    def __str__(self) -> str:
        return f"{self.account}/{self.region}" + (f" ({self.qualifier})" if self.qualifier != QUALIFIER else "")


@dataclass(frozen=True)
class Stack:
    """One stack of an assembly; `id` is what the CDK CLI calls it, `needs` the artifacts that it depends on."""

    id: str
    name: str
    account: str
    region: str
    template: Path
    artifact: str = ""
    needs: tuple[str, ...] = ()
    qualifier: str = QUALIFIER

    def templates(self) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
        """The template, and those of its nested stacks, each with the logical ids that lead to it."""
        yield from _templates(self.template, ())

    def resources(self, type_: str) -> dict[str, dict[str, Any]]:
        """The resources of one type by their logical ids, as the template has them."""
        found = json.loads(self.template.read_text()).get("Resources", {})
        return {id_: resource for id_, resource in found.items() if resource["Type"] == type_}


@dataclass(frozen=True)
class PipelineResource:
    """A pipeline of a stack, under its logical id. nested: the logical ids of the nested stacks that it is in."""

    stack: Stack
    id: str
    properties: Mapping[str, Any]
    nested: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of a pipeline: its stack, its own name where the template has one, its logical id."""
        own = self.properties.get("Name")
        named = [own] if isinstance(own, str) else []
        return (self.stack.id, self.stack.name, *named, self.id, f"{self.stack.id}/{self.id}")

    @property
    def branches(self) -> list[str]:
        """The branches that its source actions follow; empty where only CloudFormation knows them."""
        actions = self.properties["Stages"][0]["Actions"]
        return followed_branches([action.get("Configuration", {}) for action in actions])


@dataclass(frozen=True)
class Assembly:
    """chosen: the pipeline, in the stack `pipeline`. stacks: this one, what it depends on, and those of all stages."""

    folder: Path
    chosen: PipelineResource
    stacks: tuple[Stack, ...]

    @property
    def pipeline(self) -> Stack:
        return self.chosen.stack

    @property
    def environments(self) -> list[Environment]:
        """Every account and region that something is deployed to, the pipeline's first."""
        wanted = {Environment(each.account, each.region, each.qualifier) for each in self.stacks}
        first = Environment(self.pipeline.account, self.pipeline.region, self.pipeline.qualifier)
        return [first, *sorted(wanted - {first}, key=str)]

    @property
    def architectures(self) -> set[str]:
        """The architectures of all functions, by Lambda's names."""
        functions = [each for stack in self.stacks for each in stack.resources("AWS::Lambda::Function").values()]
        return {arch for each in functions for arch in each["Properties"].get("Architectures", ["x86_64"])}


def followed_branches(configurations: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the branches that the configurations of source actions name, without those that are not resolved."""
    named = [configuration.get("BranchName") or configuration.get("Branch") for configuration in configurations]
    return list(dict.fromkeys(branch for branch in named if isinstance(branch, str)))


def read(folder: Path, wanted: str | None = None, default: tuple[str, str] = ("111111111111", "us-east-1")) -> Assembly:
    """Read `cdk.out`.

    wanted: a name of the pipeline, where there are several. default: the account and region of stacks that name none.
    Raises WrongUse where it holds no pipeline, or more than one that fits.
    """
    top, staged = list(_stacks(folder, default)), list(_staged(folder, default))
    chosen = _choose_pipeline(folder, top, staged, wanted)
    known = {each.artifact: each for each in [*top, *staged]}
    needed = dict.fromkeys([chosen.stack, *_needed(chosen.stack, known), *staged])
    return Assembly(folder, chosen, tuple(needed))


def _templates(path: Path, ids: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """A template, and those of its nested stacks, which the assembly has as assets."""
    template = json.loads(path.read_text())
    yield ids, template
    for id_, resource in template.get("Resources", {}).items():
        asset = resource.get("Metadata", {}).get("aws:asset:path", "")
        if resource["Type"] == NESTED and asset.endswith(".json"):
            yield from _templates(path.parent / asset, (*ids, id_))


def _choose_pipeline(folder: Path, top: list[Stack], staged: list[Stack], wanted: str | None) -> PipelineResource:
    """A pipeline of the app's own stacks; of a stage's only where the app itself has none."""
    found = [*_pipelines(top)] or [*_pipelines(staged)]
    fitting = [each for each in found if wanted is None or wanted in each.names]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(_qualified_id(each, found) for each in found) or "none"
    if not found or wanted is None:
        hint = "; choose one with --pipeline" if found else ""
        raise WrongUse(f"{folder} must hold one stack with an {PIPELINE}; found: {names}{hint}")
    raise WrongUse(f"--pipeline {wanted}: {len(fitting) or 'no'} pipelines are called so; there are {names}")


def _pipelines(stacks: list[Stack]) -> Iterator[PipelineResource]:
    for stack in stacks:
        for nested, template in stack.templates():
            for id_, resource in template.get("Resources", {}).items():
                if resource["Type"] == PIPELINE:
                    yield PipelineResource(stack, id_, resource["Properties"], nested)


def _qualified_id(each: PipelineResource, found: list[PipelineResource]) -> str:
    """The stack, if that says which."""
    alone = sum(other.stack == each.stack for other in found) == 1
    return each.stack.id if alone else f"{each.stack.id}/{each.id}"


def _needed(stack: Stack, known: Mapping[str, Stack]) -> Iterator[Stack]:
    """What `cdk deploy` deploys before it."""
    for each in stack.needs:
        if each in known:
            yield from _needed(known[each], known)
            yield known[each]


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.exists():
        raise WrongUse(f"{folder} is no cloud assembly: it has no manifest.json")
    return dict(json.loads(path.read_text()).get("artifacts", {}))


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


def _qualifier(properties: Mapping[str, Any]) -> str:
    """Of `/cdk-bootstrap/<qualifier>/version`, which the stack looks for."""
    found = re.match(r"/cdk-bootstrap/([^/]+)/version", properties.get("bootstrapStackVersionSsmParameter", ""))
    return found[1] if found else QUALIFIER


def _staged(folder: Path, default: tuple[str, str]) -> Iterator[Stack]:
    """The stacks of all nested assemblies: one for each stage."""
    for artifact in _manifest(folder).values():
        if artifact["type"] == "cdk:cloud-assembly":
            nested = folder / artifact["properties"]["directoryName"]
            yield from _stacks(nested, default)
            yield from _staged(nested, default)
