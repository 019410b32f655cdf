"""The stack of this team's pipeline: its steps, from the synth build to the tests of the last environment."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Environment as Target
from constructs import Construct

from cdk_delivery.constructs.project_files import Project
from cdk_delivery.constructs.service_stage import StageFactory
from cdk_delivery.constructs.test_role import IntegrationTestRoleNames
from cdk_delivery.delivery_stack import DeliveryStack
from cdk_delivery.settings.environment import Environment
from cdk_delivery.settings.model import Delivery
from pipeline import steps
from stages.echo_stack import Release
from stages.echo_stage import EchoStage
from stages.service_options import ServiceOptions

Settings = Delivery[ServiceOptions]


class PipelineStack(DeliveryStack[ServiceOptions]):
    """A synth build, then for each wave: changes builds, an approval if the settings need one, deployment and tests."""

    def build(self, delivery: Delivery[ServiceOptions], project: Project) -> None:
        """Add the steps, in the order in which an execution runs them."""
        self.synth(project.buildspec)
        for wave in delivery.waves():
            changes = [self.changes(environment, steps.CHANGES) for environment in wave]
            if wave.approval:
                self.approve(wave, changes)
            self.deploy(wave, changes, stage=echo_stage(project, delivery.notify.emails), test=steps.integration_tests)


def echo_stage(project: Project, emails: Sequence[str]) -> StageFactory[ServiceOptions]:
    """Return the factory of the echo service's stage for this push. emails: the default subscribers of alarms."""
    release = Release(layers=project.layers, revision=project.revision)

    def create_stage(
        scope: Construct, id_: str, environment: Environment[ServiceOptions], tester: IntegrationTestRoleNames
    ) -> EchoStage:
        return EchoStage(
            scope,
            id_,
            env=Target(account=environment.account, region=environment.region),
            environment=environment.name,
            release=release,
            tester=tester,
            options=environment.service,
            emails=emails,
        )

    return create_stage
