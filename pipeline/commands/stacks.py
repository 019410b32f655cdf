"""The stacks of a delivery, by name and place, in the order in which they can be deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipeline.commands.accounts import Target, targets
from pipeline.constructs.build_names import QUALIFIER
from pipeline.settings.environment import Environment
from pipeline.settings.model import Delivery


@dataclass(frozen=True)
class DeployedStack:
    """A stack where it is, or would be, deployed; `holds_artifacts`: it is the pipeline's own, or supports it."""

    target: Target
    name: str
    holds_artifacts: bool = False

    @property
    def execution_role(self) -> str:
        """The bootstrap's role that CloudFormation works with in the stack's account and region."""
        account, region = self.target.account, self.target.region
        return f"arn:aws:iam::{account}:role/cdk-{QUALIFIER}-cfn-exec-role-{account}-{region}"

    def __str__(self) -> str:
        return f"{self.target}: {self.name}"


def stacks(delivery: Delivery[Any]) -> Iterator[DeployedStack]:
    """The highest environment first, as nothing is left then that could deploy to it again; the pipeline comes last.

    Behind it: what CDK makes in other regions for the artifacts of environments there, and names after its stack.
    """
    for one in reversed(delivery.environments):
        yield DeployedStack(Target(one.account, one.region, (one.name,)), _stack_name(one))
    yield DeployedStack(Target(delivery.account, delivery.region), delivery.name, holds_artifacts=True)
    for target in targets(delivery):
        if target.account == delivery.account and target.region != delivery.region:
            yield DeployedStack(target, f"{delivery.name}-support-{target.region}", holds_artifacts=True)


def _stack_name(environment: Environment[Any]) -> str:
    return f"{environment.stage_id}-Echo"
