"""The stacks of one stage of an assembly, and what is deployed of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Template = Mapping[str, Any]
# Metadata of each template: the name of the pipeline that deploys it.
DEPLOYED_BY = "DeployedBy"


class AssemblyError(Exception):
    """The folder does not hold what `cdk synth` writes for the stage; the message says what is there."""


@dataclass(frozen=True)
class Stack:
    """A stack as it would be deployed; `lookup_role` is the bootstrap's role that may look at what is there."""

    name: str
    account: str
    region: str
    lookup_role: str
    template: Template


@dataclass(frozen=True)
class StackComparison:
    """A stack, and its deployed template; None before its first deployment."""

    stack: Stack
    deployed: Template | None

    def belongs_to_another_pipeline(self, pipeline: str) -> bool:
        """Whether there is a stack of this name that `pipeline` did not deploy."""
        return self.deployed is not None and deployed_by(self.deployed) != pipeline


class TemplateSource(Protocol):
    """Where deployed templates come from."""

    def template(self, stack: Stack) -> Template | None:
        """The template that `stack` was last deployed with; None where there is no such stack."""


def deployed_by(template: Template) -> str | None:
    """The pipeline that deploys the template; None for any other stack."""
    name: str | None = template.get("Metadata", {}).get(DEPLOYED_BY)
    return name


def read_stacks(assembly: Path, stage: str) -> Sequence[Stack]:
    """The stacks of the nested assembly `stage`, such as assembly-Pipeline-Prod. Raises AssemblyError."""
    manifest = assembly / stage / "manifest.json"
    if not manifest.is_file():
        stages = ", ".join(sorted(each.name for each in assembly.glob("assembly-*"))) or "no stages"
        raise AssemblyError(f"{assembly}: there is no {stage}; there are {stages}")
    artifacts = json.loads(manifest.read_text())["artifacts"].values()
    return [_stack(manifest.parent, each) for each in artifacts if each["type"] == "aws:cloudformation:stack"]


def _stack(folder: Path, artifact: Mapping[str, Any]) -> Stack:
    account, region = artifact["environment"].removeprefix("aws://").split("/")
    properties = artifact["properties"]
    return Stack(
        name=properties["stackName"],
        account=account,
        region=region,
        lookup_role=properties["lookupRole"]["arn"].replace("${AWS::Partition}", "aws"),
        template=json.loads((folder / properties["templateFile"]).read_text()),
    )


def compare(stacks: Sequence[Stack], deployed: TemplateSource) -> Sequence[StackComparison]:
    """Each stack with its deployed version."""
    return [StackComparison(stack, deployed.template(stack)) for stack in stacks]
