"""A cloud assembly: which stacks it holds, for which accounts, and which of them is the pipeline.

Source: AWS CDK, "cloud-assembly-schema".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.errors import WrongUse

PIPELINE = "AWS::CodePipeline::Pipeline"


@dataclass(frozen=True)
class Stack:
    """One stack of an assembly; `id` is what the CDK CLI calls it."""

    id: str
    name: str
    account: str
    region: str
    template: Path

    def resources(self, type_: str) -> list[dict[str, Any]]:
        """The resources of one type, as the template has them."""
        found = json.loads(self.template.read_text()).get("Resources", {}).values()
        return [resource for resource in found if resource["Type"] == type_]


@dataclass(frozen=True)
class Assembly:
    """`pipeline` is the top-level stack that holds the pipeline; `stacks` are all, nested assemblies included."""

    folder: Path
    pipeline: Stack
    stacks: tuple[Stack, ...]

    @property
    def environments(self) -> list[tuple[str, str]]:
        """Every (account, region) that something is deployed to, the pipeline's first."""
        first = (self.pipeline.account, self.pipeline.region)
        return [first, *sorted({(stack.account, stack.region) for stack in self.stacks} - {first})]

    @property
    def architectures(self) -> set[str]:
        """The architectures of all functions, by Lambda's names."""
        functions = [each for stack in self.stacks for each in stack.resources("AWS::Lambda::Function")]
        return {arch for each in functions for arch in each["Properties"].get("Architectures", ["x86_64"])}


def read(folder: Path) -> Assembly:
    """Read `cdk.out`. Raises WrongUse where it holds no pipeline, more than one, or a stack without an account."""
    top = list(_stacks(folder))
    pipelines = [stack for stack in top if stack.resources(PIPELINE)]
    if len(pipelines) != 1:
        names = ", ".join(stack.id for stack in pipelines) or "none"
        raise WrongUse(f"{folder} must hold one stack with an {PIPELINE}; found: {names}")
    every = tuple(_every_stack(folder))
    for stack in every:
        if not stack.account.isdigit():
            raise WrongUse(
                f"stack {stack.name} has no account of its own (`env`); a rehearsal needs to know where it goes"
            )
    return Assembly(folder, pipelines[0], every)


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.exists():
        raise WrongUse(f"{folder} is no cloud assembly: it has no manifest.json")
    return dict(json.loads(path.read_text())["artifacts"])


def _stacks(folder: Path) -> Iterator[Stack]:
    for id_, artifact in _manifest(folder).items():
        if artifact["type"] != "aws:cloudformation:stack":
            continue
        account, region = artifact["environment"].removeprefix("aws://").split("/")
        properties = artifact["properties"]
        name = properties.get("stackName", id_)
        yield Stack(artifact.get("displayName", id_), name, account, region, folder / properties["templateFile"])


def _every_stack(folder: Path) -> Iterator[Stack]:
    yield from _stacks(folder)
    for artifact in _manifest(folder).values():
        if artifact["type"] == "cdk:cloud-assembly":
            yield from _every_stack(folder / artifact["properties"]["directoryName"])
