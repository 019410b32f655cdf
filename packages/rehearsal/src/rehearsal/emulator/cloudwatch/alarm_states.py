"""The state of an alarm, derived from the data points of its last periods.

Sources: Amazon CloudWatch user guide, "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data".
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rehearsal.emulator.ministack.port.cloudwatch import Alarm

# The periods that an alarm reads beyond its evaluation periods. AWS does not document their number; the examples in its
# documentation have two.
EXTRA_PERIODS = 2
OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
COMPARISONS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}


@dataclass(frozen=True)
class AlarmRule:
    """The settings of an alarm: comparison, number of periods, treatment of missing data."""

    comparison: str
    threshold: float
    periods: int
    datapoints_to_alarm: int
    missing: str

    @classmethod
    def of(cls, alarm: Alarm) -> AlarmRule:
        """Return the rule of an alarm in the form of DescribeAlarms."""
        periods = int(alarm.get("EvaluationPeriods") or 1)
        # Source: Amazon CloudWatch API reference, PutMetricAlarm, TreatMissingData.
        ignores = alarm.get("Namespace") == "AWS/DynamoDB"
        return cls(
            comparison=str(alarm.get("ComparisonOperator")),
            threshold=float(alarm.get("Threshold") or 0),
            periods=periods,
            datapoints_to_alarm=int(alarm.get("DatapointsToAlarm") or periods),
            missing="ignore" if ignores else str(alarm.get("TreatMissingData") or "missing"),
        )

    @property
    def evaluation_range(self) -> int:
        """The number of periods to read."""
        return self.periods + EXTRA_PERIODS

    def breaches(self, value: float) -> bool:
        return COMPARISONS[self.comparison][0](value, self.threshold)

    def state(self, values: Sequence[float | None]) -> str | None:
        """Return the state; None to keep the current one. values: of the evaluation range, newest first, None: missing.

        Where enough data points exist, the newest are evaluated, and missing ones are skipped.
        """
        existing = [value for value in values if value is not None][: self.periods]
        breaching = sum(map(self.breaches, existing))
        lacking = self.periods - len(existing)
        if lacking <= 0 or self.missing == "notBreaching":
            return self._by_count(breaching)
        if self.missing == "breaching":
            return self._by_count(breaching + lacking)
        if not existing:
            return None if self.missing == "ignore" else INSUFFICIENT_DATA
        if breaching >= self.datapoints_to_alarm or breaching < len(existing):
            return self._by_count(breaching)
        return ALARM if self.missing == "missing" and self._is_old_enough(values) else None

    def _by_count(self, breaching: int) -> str:
        return ALARM if breaching >= self.datapoints_to_alarm else OK

    def _is_old_enough(self, values: Sequence[float | None]) -> bool:
        """Return whether the oldest data point is at least as many periods old as the data points to alarm.

        This avoids a premature alarm where data is intermittent.
        """
        ages = [age for age, value in enumerate(values[: self.periods], 1) if value is not None]
        return bool(ages) and max(ages) >= self.datapoints_to_alarm

    def reason(self, values: Sequence[float | None], state: str) -> str:
        """Return the reason for a state, in AWS's form."""
        existing = [value for value in values if value is not None][: self.periods]
        if not existing:
            treated = "" if self.missing in ("missing", "ignore") else f", which are treated as {self.missing}"
            return f"no datapoints were received for {self.periods} period(s){treated}"
        was = "was" if state == ALARM else "was not"
        words = f"{was} {COMPARISONS[self.comparison][1]} the threshold ({self.threshold})"
        listed = ", ".join(str(value) for value in existing)
        return f"Threshold Crossed: {len(existing)} datapoint(s) [{listed}] {words}"
