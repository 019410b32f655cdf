"""The environments that a delivery deploys to, and the waves that they form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field

from cdk_delivery.settings.traffic import Traffic
from cdk_delivery.settings.types import Account, EnvironmentName, Region, Settings


class Environment[OptionsT](Settings):
    """One account and region that the stage is deployed to."""

    name: EnvironmentName
    account: Account
    region: Region
    wave: EnvironmentName | None = None
    """Environments of one wave are deployed concurrently; an environment without a wave is a wave by itself."""
    approval: bool = False
    """Wait for an approval before the wave is deployed; a failure then rolls the wave back."""
    shares_account_with: tuple[EnvironmentName, ...] = ()
    """The lower environments, or `pipeline`, that may be in this account; as a rule, none is."""
    allow_broadening: bool = False
    """Let IAM and security groups broaden without an approval."""
    traffic: Traffic = Traffic()
    """How new versions of functions take over."""
    service: OptionsT = Field(default={}, validate_default=True)  # an empty object gives the defaults of the model

    @property
    def wave_name(self) -> str:
        """The name of the wave that it belongs to."""
        return self.wave or self.name

    @property
    def stage_id(self) -> str:
        """The construct id of its stage, which the names of the stage's stacks begin with."""
        return self.name.title()


@dataclass(frozen=True)
class Wave[OptionsT]:
    """Environments that are deployed concurrently; all of them need an approval, or none does."""

    name: str
    environments: tuple[Environment[OptionsT], ...]

    def __iter__(self) -> Iterator[Environment[OptionsT]]:
        return iter(self.environments)

    @property
    def stage_name(self) -> str:
        """The name of the pipeline's stage that deploys it."""
        return self.name.title()

    @property
    def approval(self) -> bool:
        """Whether an approval is needed before the wave is deployed."""
        return any(environment.approval for environment in self)
