"""The role that the pipeline's tests assume in the account of a stage."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct


@dataclass(frozen=True)
class IntegrationTestRoleNames:
    """The role's physical name, and the ARN of the one role that may assume it."""

    role: str
    trusted: str


class IntegrationTestRole(Construct):
    """A role that may do what the integration tests do, and nothing more. may: the statements that they need."""

    def __init__(
        self, scope: Construct, id_: str, *, names: IntegrationTestRoleNames, may: Sequence[iam.PolicyStatement]
    ) -> None:
        super().__init__(scope, id_)
        outputs = iam.PolicyStatement(
            sid="ReadOutputs", actions=["cloudformation:DescribeStacks"], resources=[Stack.of(self).stack_id]
        )
        self.role = iam.Role(
            self,
            "Role",
            role_name=names.role,
            assumed_by=iam.ArnPrincipal(names.trusted),
            max_session_duration=Duration.hours(1),
            managed_policies=[iam.ManagedPolicy(self, "Policy", statements=[outputs, *may])],
        )
