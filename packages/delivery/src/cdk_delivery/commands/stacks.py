"""The stacks of a delivery, by name, account and region, in the order in which they can be deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cdk_delivery.access.role_names import QUALIFIER
from cdk_delivery.commands.accounts import Sessions, Target, targets
from cdk_delivery.settings.environment import Environment
from cdk_delivery.settings.model import Delivery


@dataclass(frozen=True)
class DeployedStack:
    """A stack that is, or would be, deployed. holds_artifacts: it is the pipeline's stack or a support stack of it."""

    target: Target
    name: str
    holds_artifacts: bool = False

    @property
    def execution_role(self) -> str:
        """The ARN of the bootstrap's execution role in the stack's account and region."""
        account, region = self.target.account, self.target.region
        return f"arn:aws:iam::{account}:role/cdk-{QUALIFIER}-cfn-exec-role-{account}-{region}"

    def __str__(self) -> str:
        return f"{self.target}: {self.name}"


def environment_stacks[OptionsT](environment: Environment[OptionsT], sessions: Sessions) -> Iterator[DeployedStack]:
    """Yield stacks named like those of the environment's stage, newest first: a newer one may depend on an older one.

    Only a stack's template says whether the delivery deployed it. Nested stacks are left out: CloudFormation deletes
    them with their parent.
    """
    target = environment_target(environment)
    pages = sessions.client("cloudformation", target).get_paginator("describe_stacks").paginate()
    stacks = [
        stack
        for page in pages
        for stack in page["Stacks"]
        if stack["StackName"].startswith(f"{environment.stage_id}-") and not stack.get("ParentId")
    ]
    for stack in sorted(stacks, key=lambda stack: stack["CreationTime"], reverse=True):
        yield DeployedStack(target, stack["StackName"])


def environment_target[OptionsT](environment: Environment[OptionsT]) -> Target:
    """Return the account and region of one environment."""
    return Target(environment.account, environment.region, (environment.name,))


def pipeline_stacks[OptionsT](delivery: Delivery[OptionsT]) -> Iterator[DeployedStack]:
    """Yield the pipeline's stack, then the support stacks that CDK creates for its artifacts in other regions."""
    yield DeployedStack(Target(delivery.account, delivery.region), delivery.name, holds_artifacts=True)
    for target in targets(delivery):
        if target.account == delivery.account and target.region != delivery.region:
            yield DeployedStack(target, f"{delivery.name}-support-{target.region}", holds_artifacts=True)
