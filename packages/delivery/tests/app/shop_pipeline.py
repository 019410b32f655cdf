"""The pipeline of the shop."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Environment as Target
from constructs import Construct

from cdk_delivery.constructs.build_step import BuildCommands
from cdk_delivery.constructs.project_files import Project
from cdk_delivery.constructs.service_stage import StageFactory
from cdk_delivery.constructs.test_role import IntegrationTestRoleNames
from cdk_delivery.delivery_stack import DeliveryStack
from cdk_delivery.settings.environment import Environment
from cdk_delivery.settings.model import Delivery
from tests.app.shop_options import ShopOptions
from tests.app.shop_stage import ShopStage

Settings = Delivery[ShopOptions]

COMPARE = BuildCommands(
    commands=["compare", "export SUMMARY=compared"], python="3.13", downloads=["uv", "pip"], output="compared"
)


def check(environment: Environment[ShopOptions]) -> BuildCommands:
    """Return the commands that test a deployed shop."""
    return BuildCommands(
        commands=["check", "export TESTED=checked"],
        python="3.13",
        downloads=["uv", "pip"],
        reports=["reports/*.xml"],
        variables={"CHECKS": environment.service.checks},
    )


class ShopPipeline(DeliveryStack[ShopOptions]):
    """The steps of the shop's pipeline."""

    def build(self, delivery: Delivery[ShopOptions], project: Project) -> None:
        """Add the synth build, then every wave."""
        self.synth(project.buildspec)
        for wave in delivery.waves():
            changes = [self.changes(environment, COMPARE) for environment in wave]
            if wave.approval:
                self.approve(wave, changes)
            self.deploy(wave, changes, stage=shop(project.root / "functions" / "till"), test=check)


def shop(code: Path) -> StageFactory[ShopOptions]:
    """Return the factory of the shop's stage."""

    def make(
        scope: Construct, id_: str, environment: Environment[ShopOptions], tester: IntegrationTestRoleNames
    ) -> ShopStage:
        target = Target(account=environment.account, region=environment.region)
        return ShopStage(scope, id_, env=target, code=code, tester=tester, options=environment.service)

    return make
