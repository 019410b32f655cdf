"""The physical names of an environment's tests, so that two accounts can name each other's roles without a cycle."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.settings import Delivery, Environment
from stages.tester import TesterNames

_PARTITION = "aws"


@dataclass(frozen=True)
class EnvironmentTests:
    """Names are global in an account, so pipeline, environment and region stand in each."""

    prefix: str
    account: str

    @classmethod
    def of(cls, delivery: Delivery, environment: Environment) -> EnvironmentTests:
        return cls(f"{delivery.name}-{environment.name}-{environment.region}", environment.account)

    @property
    def project(self) -> str:
        """The build project that runs the tests."""
        return f"{self.prefix}-test"

    @property
    def build_role(self) -> str:
        """The role of that project."""
        return f"{self.prefix}-build"

    @property
    def environment_role_arn(self) -> str:
        """The role in the environment's account that the tests work with."""
        return f"arn:{_PARTITION}:iam::{self.account}:role/{self.prefix}-tests"

    def tester(self, pipeline_account: str) -> TesterNames:
        """What the stage needs to know: its role's name, and who may assume it."""
        return TesterNames(
            role=f"{self.prefix}-tests", trusted=f"arn:{_PARTITION}:iam::{pipeline_account}:role/{self.build_role}"
        )
