"""The stacks of one stage of an assembly, and their deployed versions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cdk_delivery.cloud_assembly import Artifact, Template, is_assembly, stack_entries

# The key in each template's metadata whose value is the name of the pipeline that deploys it.
DEPLOYED_BY = "DeployedBy"
# A stack whose first creation failed, or whose deletion failed. Source: AWS CloudFormation user guide, "Stack status
# codes", and aws/aws-cdk issue 901: such a stack has to be deleted before it can be deployed again.
_DEAD_STATUSES = ("ROLLBACK_", "CREATE_FAILED", "DELETE_FAILED")


class AssemblyError(Exception):
    """The assembly does not have the stage; the message lists the stages that it has."""


@dataclass(frozen=True)
class Stack:
    """A stack as it would be deployed. execution_role: the ARN of CloudFormation's role for it; empty without one."""

    name: str
    account: str
    region: str
    execution_role: str
    template: Template

    def command(self, verb: str) -> str:
        """Return the command of the AWS CLI that runs `verb` on the stack, for credentials of its account."""
        role = f" --role-arn {self.execution_role}" if self.execution_role else ""
        return f"aws cloudformation {verb} --stack-name {self.name} --region {self.region}{role}"


@dataclass(frozen=True)
class Deployed:
    """A stack as it is in the account: the template that it was last deployed with, and its status."""

    template: Template
    status: str = "CREATE_COMPLETE"

    @property
    def recovery_verb(self) -> str:
        """The verb of `aws cloudformation` that the stack needs before it takes an update; empty where it takes one."""
        if self.status == "UPDATE_ROLLBACK_FAILED":
            return "continue-update-rollback"
        return "delete-stack" if self.status.startswith(_DEAD_STATUSES) else ""


@dataclass(frozen=True)
class StackComparison:
    """A stack and its deployed version, which is None before the first deployment."""

    stack: Stack
    deployed: Deployed | None

    @property
    def deployed_template(self) -> Template | None:
        """The deployed template; None before the first deployment."""
        return self.deployed.template if self.deployed else None

    def belongs_to_another_pipeline(self, pipeline: str) -> bool:
        """Whether there is a stack of this name that `pipeline` did not deploy."""
        return self.deployed is not None and deployed_by(self.deployed.template) != pipeline


class TemplateSource(Protocol):
    """Where deployed templates come from."""

    def find(self, stack: Stack) -> Deployed | None:
        """Return what `stack` was last deployed with; None if there is no such stack."""


def deployed_by(template: Template) -> str | None:
    """Return the name of the pipeline that deploys the template; None for any other template."""
    return template.get("Metadata", {}).get(DEPLOYED_BY)


def read_stacks(assembly: Path, stage: str) -> Sequence[Stack]:
    """Return the stacks of the nested assembly `stage`, such as assembly-Pipeline-Prod. Raises AssemblyError."""
    folder = assembly / stage
    if not is_assembly(folder):
        stages = ", ".join(sorted(path.name for path in assembly.glob("assembly-*"))) or "no stages"
        raise AssemblyError(f"{assembly}: there is no {stage}; there are {stages}")
    return [_stack(folder, artifact) for artifact in stack_entries(folder)]


def _stack(folder: Path, artifact: Artifact) -> Stack:
    account, region = artifact["environment"].removeprefix("aws://").split("/")
    properties = artifact["properties"]
    return Stack(
        name=properties["stackName"],
        account=account,
        region=region,
        execution_role=properties.get("cloudFormationExecutionRoleArn", "").replace("${AWS::Partition}", "aws"),
        template=json.loads((folder / properties["templateFile"]).read_text()),
    )


def compare(stacks: Sequence[Stack], source: TemplateSource) -> Sequence[StackComparison]:
    """Return each stack with its deployed version."""
    return [StackComparison(stack, source.find(stack)) for stack in stacks]
