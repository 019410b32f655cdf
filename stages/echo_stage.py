"""One deployment of the echo service, to one account and region."""

from collections.abc import Sequence

from aws_cdk import Environment
from constructs import Construct

from cdk_delivery.constructs.service_stage import ServiceStage
from cdk_delivery.constructs.test_role import IntegrationTestRoleNames
from stages.echo_stack import EchoStack, Release
from stages.service_options import ServiceOptions


class EchoStage(ServiceStage):
    """A stage with the stack of the echo service, and its outputs for the tests."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        env: Environment,
        environment: str,
        release: Release,
        tester: IntegrationTestRoleNames,
        options: ServiceOptions,
        emails: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, id_, env=env)
        stack = EchoStack(
            self, "Echo", release=release, environment=environment, tester=tester, options=options, emails=emails
        )
        self.outputs = stack.outputs
