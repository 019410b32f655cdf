"""Physical names of an environment's builds and roles.

They are fixed, so that roles in two accounts can name each other without a cyclic reference.
"""

from __future__ import annotations

from dataclasses import dataclass

from cdk_delivery.constructs.test_role import IntegrationTestRoleNames
from cdk_delivery.settings.environment import Environment
from cdk_delivery.settings.model import Delivery

_PARTITION = "aws"


@dataclass(frozen=True)
class EnvironmentBuildNames:
    """The names for one environment. Each has pipeline, environment and region, because IAM names are account-wide."""

    prefix: str
    account: str

    @classmethod
    def of[OptionsT](cls, delivery: Delivery[OptionsT], environment: Environment[OptionsT]) -> EnvironmentBuildNames:
        return cls(f"{delivery.name}-{environment.name}-{environment.region}", environment.account)

    @property
    def project(self) -> str:
        """The build project that runs the tests."""
        return f"{self.prefix}-test"

    @property
    def changes_project(self) -> str:
        """The build project that compares the assembly with what is deployed."""
        return f"{self.prefix}-changes"

    @property
    def build_role(self) -> str:
        """The role of the build project that runs the tests."""
        return f"{self.prefix}-build"

    @property
    def environment_role(self) -> str:
        """The role in the environment's account that the tests assume."""
        return f"{self.prefix}-tests"

    @property
    def environment_role_arn(self) -> str:
        """The ARN of the role that the tests assume."""
        return f"arn:{_PARTITION}:iam::{self.account}:role/{self.environment_role}"

    def test_role(self, pipeline_account: str) -> IntegrationTestRoleNames:
        """Return the names for the stage's test role: its own, and the ARN of the role that may assume it."""
        return IntegrationTestRoleNames(
            role=self.environment_role, trusted=f"arn:{_PARTITION}:iam::{pipeline_account}:role/{self.build_role}"
        )
