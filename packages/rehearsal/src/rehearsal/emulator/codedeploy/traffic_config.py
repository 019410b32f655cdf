"""Deployment configurations, which define the traffic shift: the predefined ones, and those of templates.

Source: AWS CodeDeploy user guide, "Working with deployment configurations in CodeDeploy", Lambda compute platform.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rehearsal.actions.traffic_steps import canary_steps, linear_steps
from rehearsal.json_values import mapping

PREFIX = "CodeDeployDefault."
ALL_AT_ONCE, CANARY, LINEAR = "AllAtOnce", "TimeBasedCanary", "TimeBasedLinear"
_MEMBERS = {CANARY: ("canaryPercentage", "canaryInterval"), LINEAR: ("linearPercentage", "linearInterval")}


@dataclass(frozen=True)
class TrafficConfig:
    """A traffic shift. kind: AllAtOnce, TimeBasedCanary or TimeBasedLinear. percent: of each step. minutes: between."""

    kind: str = ALL_AT_ONCE
    percent: int = 100
    minutes: int = 0

    @classmethod
    def of(cls, routing: Mapping[str, object] | None) -> TrafficConfig:
        """Return the configuration of a trafficRoutingConfig, in the API's names or a template's. Raises ValueError."""
        names = {_lower(name): value for name, value in (routing or {}).items()}
        kind = str(names.get("type", ALL_AT_ONCE))
        if kind == ALL_AT_ONCE:
            return cls()
        if kind not in _MEMBERS:
            raise ValueError(f"TrafficRoutingConfig: Type {kind}; {ALL_AT_ONCE}, {CANARY} and {LINEAR} are allowed")
        members = mapping(names, kind[0].lower() + kind[1:])
        values = {_lower(name): int(str(value)) for name, value in members.items()}
        percent, minutes = (values.get(member, 0) for member in _MEMBERS[kind])
        if not 1 <= percent <= 99 or minutes < 1:
            raise ValueError(
                f"TrafficRoutingConfig: {percent} percent and {minutes} minutes; 1 to 99 percent, 1 minute"
            )
        return cls(kind, percent, minutes)

    def steps(self) -> Iterator[tuple[int, float]]:
        """Yield each step below 100 percent, as (percent for the new version, seconds until the next step)."""
        if self.kind != ALL_AT_ONCE:
            steps = canary_steps if self.kind == CANARY else linear_steps
            yield from steps(self.percent, self.minutes)

    def as_api(self) -> dict[str, object]:
        """Return the trafficRoutingConfig of GetDeploymentConfig."""
        if self.kind == ALL_AT_ONCE:
            return {"type": self.kind}
        percentage, interval = _MEMBERS[self.kind]
        member = self.kind[0].lower() + self.kind[1:]
        return {"type": self.kind, member: {percentage: self.percent, interval: self.minutes}}


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _predefined() -> Iterator[tuple[str, TrafficConfig]]:
    yield f"{PREFIX}LambdaAllAtOnce", TrafficConfig()
    for minutes in (5, 10, 15, 30):
        yield f"{PREFIX}LambdaCanary10Percent{minutes}Minutes", TrafficConfig(CANARY, 10, minutes)
    for minutes in (1, 2, 3, 10):
        unit = "Minute" if minutes == 1 else "Minutes"
        yield f"{PREFIX}LambdaLinear10PercentEvery{minutes}{unit}", TrafficConfig(LINEAR, 10, minutes)


PREDEFINED: Mapping[str, TrafficConfig] = dict(_predefined())
