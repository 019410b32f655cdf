"""How a new version of a function takes over the traffic of an environment."""

from __future__ import annotations

from math import ceil
from typing import Literal, Self

from pydantic import Field, model_validator

from cdk_delivery.settings.types import AlarmName, Settings, settings_error

# Sources: AWS CodeDeploy user guide, "Quotas": a deployment to Lambda takes 50 hours at most, a deployment group
# watches 10 alarms at most; AWS CodePipeline user guide, "Quotas": a rule times out after an hour, which a template
# cannot change.
LONGEST_MINUTES = 50 * 60
MOST_SHIFT_ALARMS = 9  # the tenth is the alarm on the errors of the new version
LONGEST_BAKE = 55


class Traffic(Settings):
    """Whether traffic moves to a new version step by step, and what takes it back."""

    type: Literal["all-at-once", "canary", "linear"] = "all-at-once"
    """`canary` gives the new version a part of the traffic, later all of it; `linear` adds the part at each step."""
    percent: int = Field(default=10, ge=1, le=99)
    """The part of the traffic that one step moves."""
    minutes: int = Field(default=5, ge=1)
    """The time between two steps."""
    shift_alarms: tuple[AlarmName, ...] = Field(default=(), max_length=MOST_SHIFT_ALARMS)
    """Alarms of the environment's account that stop a shift. One that stays in ALARM blocks the next release too."""
    bake_minutes: int = Field(default=0, ge=0, le=LONGEST_BAKE)
    """The time after the tests in which an alarm rolls the stage back."""
    alarms: tuple[AlarmName, ...] = ()
    """Alarms of the environment's account that are watched in the bake time, in addition to the functions' errors."""

    @model_validator(mode="after")
    def _check_pace(self) -> Self:
        step_settings = self.model_fields_set & {"percent", "minutes", "shift_alarms"}
        if not self.shifts and step_settings:
            names = ", ".join(f"`{name}`" for name in sorted(step_settings))
            raise settings_error(f"all-at-once has no steps, and so no {names}; use `canary` or `linear`")
        if self.duration > LONGEST_MINUTES:
            raise settings_error(
                f"this takes {self.duration} minutes; {LONGEST_MINUTES} are allowed: choose fewer or shorter steps"
            )
        if self.alarms and not self.bake_minutes:
            raise settings_error("`alarms` are watched in the bake time; give `bake_minutes` too, or `shift_alarms`")
        return self

    @property
    def shifts(self) -> bool:
        """Whether CodeDeploy moves the traffic."""
        return self.type != "all-at-once"

    @property
    def duration(self) -> int:
        """The minutes from the first step until the new version has all of the traffic; 0 for all-at-once."""
        steps = {"all-at-once": 0, "canary": 1, "linear": ceil(100 / self.percent) - 1}
        return steps[self.type] * self.minutes

    @property
    def plan(self) -> str:
        """Describe the whole shift in words, as notices do."""
        if self.type == "canary":
            return f"{self.percent}% of its calls for {self.minutes} min, then all"
        return f"{self.percent}% more of its calls every {self.minutes} min, all of them after {self.duration} min"

    def __str__(self) -> str:
        """Describe the shift in a few words, as approvals do."""
        if not self.shifts:
            return "all at once"
        preposition = "for" if self.type == "canary" else "more every"
        step = f"{self.percent}% {preposition} {self.minutes} min"
        return step + (f", bake {self.bake_minutes} min" if self.bake_minutes else "")
