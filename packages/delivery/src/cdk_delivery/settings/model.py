"""The settings of the delivery, from cdk.json's `context.delivery`: typed, frozen, read once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from cdk_delivery.settings import environment_rules
from cdk_delivery.settings.environment import Environment, Wave
from cdk_delivery.settings.messages import PREFIX, SettingsError, error_line
from cdk_delivery.settings.source import Source
from cdk_delivery.settings.types import (
    Account,
    Email,
    HttpsUrl,
    PipelineName,
    Region,
    RiskName,
    Settings,
    settings_error,
)


class Notify(Settings):
    """Subscribers of failures, approvals and successes."""

    emails: tuple[Email, ...] = ()
    """Each address has to confirm once."""
    endpoints: tuple[HttpsUrl, ...] = ()
    """HTTPS endpoints that take the messages of Amazon SNS, a chat's bridge for example."""

    @model_validator(mode="after")
    def _check_duplicates(self) -> Self:
        subscribers = [*self.emails, *self.endpoints]
        for subscriber in subscribers:
            if subscribers.count(subscriber) > 1:
                raise settings_error(
                    f"'{subscriber}' is listed twice; Amazon SNS has one subscription for it: remove one"
                )
        return self

    @property
    def has_subscribers(self) -> bool:
        return bool(self.emails or self.endpoints)


class AcceptedRisk(Settings):
    """A risk of a push that is accepted, and the reason."""

    risk: RiskName
    reason: str = Field(min_length=10)
    """One sentence, for the reviewer of the push."""


class Delivery[OptionsT](Settings):
    """Everything that may differ between two users of this project."""

    name: PipelineName
    account: Account
    region: Region
    source: Source
    execution: Literal["superseded", "queued"] = "superseded"
    """A newer push overtakes one that waits between two stages, or each push waits its turn."""
    permissions_boundary: bool = False
    """Every role gets the boundary that `delivery bootstrap` creates; its execution policies require it."""
    notify: Notify = Notify()
    accepted_risks: tuple[AcceptedRisk, ...] = ()
    """Risks that `python -m cdk_delivery.gates.approvals` reports, and that are accepted."""
    environments: tuple[Environment[OptionsT], ...] = Field(min_length=1)
    """Lower ones first; waves are deployed in the order of their first environments."""

    @model_validator(mode="after")
    def _check_promotion(self) -> Self:
        environment_rules.check_names(self.environments)
        environment_rules.check_waves(self.environments)
        environment_rules.check_accounts(self.environments, pipeline=self.account)
        environment_rules.check_bake_time(self.environments)
        environment_rules.check_approvals(self.environments, has_subscribers=self.notify.has_subscribers)
        return self

    def waves(self) -> tuple[Wave[OptionsT], ...]:
        """The environments, grouped by wave, in the order of deployment."""
        waves = environment_rules.waves(self.environments)
        return tuple(Wave(name, tuple(members)) for name, members in waves.items())

    @classmethod
    def read(cls, context: object) -> Self:
        """Validate the settings of cdk.json. Raises SettingsError with one line per fault."""
        if not isinstance(context, Mapping):
            got = "nothing" if context is None else f"'{context}'"
            raise SettingsError(
                f"{PREFIX}: got {got}; an object is needed. Run the app through `cdk`, which reads cdk.json"
            )
        try:
            return cls.model_validate(context)
        except ValidationError as error:
            raise SettingsError("\n".join(error_line(fault, cls) for fault in error.errors())) from None
