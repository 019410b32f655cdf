"""The interface of a deployed service: a CDK stage, and the outputs that its tests get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from aws_cdk import CfnOutput, Stage
from constructs import Construct

from cdk_delivery.constructs.test_role import IntegrationTestRoleNames
from cdk_delivery.settings.environment import Environment


class ServiceStage(Stage):
    """The stage of a service. outputs: environment variable of the integration tests -> output of a stack."""

    outputs: Mapping[str, CfnOutput]


class StageFactory[OptionsT](Protocol):
    """A callable that creates the stage of an environment."""

    def __call__(
        self, scope: Construct, id_: str, environment: Environment[OptionsT], tester: IntegrationTestRoleNames
    ) -> ServiceStage:
        """Return the stage, created in `scope` with the id `id_`. tester: names of the role that its tests assume."""
