"""CloudWatch: metrics of AWS's own services, and alarms."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

from ministack.services import cloudwatch


class Dimension(TypedDict):
    Name: str
    Value: str


class Alarm(TypedDict, total=False):
    """A metric alarm, or a composite alarm, with the members of DescribeAlarms."""

    AlarmArn: str
    AlarmName: str
    ComparisonOperator: str
    DatapointsToAlarm: int
    Dimensions: list[Dimension]
    EvaluationPeriods: int
    ExtendedStatistic: str
    MetricName: str
    Metrics: object
    Namespace: str
    Period: float
    StateReason: str
    StateUpdatedTimestamp: int
    StateValue: str
    Statistic: str
    Threshold: float
    TreatMissingData: str
    Unit: str


class Point(TypedDict, total=False):
    """A data point of a metric."""

    Timestamp: float
    Unit: str


def record_metric(namespace: str, name: str, value: float, unit: str, dimensions: Mapping[str, str]) -> None:
    """Add a data point to a metric of the request's account and region."""
    cloudwatch.record_metric(namespace, name, value, unit, dict(dimensions))


def metric_points(alarm: Alarm) -> list[Point]:
    """Return the data points of an alarm's metric with the alarm's dimensions and unit, in the request's account."""
    dimensions = {str(item["Name"]): str(item["Value"]) for item in alarm.get("Dimensions") or []}
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))
    points: list[Point] = list(cloudwatch._metrics.get(key) or ())
    unit = alarm.get("Unit")
    return [point for point in points if not unit or point.get("Unit") == unit]


def statistic(alarm: Alarm, points: Sequence[Point]) -> float | None:
    """Return the value of an alarm's statistic for the data points of one period; None without data points."""
    stats = cloudwatch._calc_stats(points)
    if not stats:
        return None
    name = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    value = cloudwatch._stat_value(stats, name, points)
    return None if value is None else float(value)


def all_alarms() -> Iterator[tuple[str, str, Alarm]]:
    """Yield each metric alarm with its account and region."""
    for alarm in list(cloudwatch._alarms.all_values()):
        region, account = alarm["AlarmArn"].split(":")[3:5]
        yield account, region, alarm


def find_alarm(name: str) -> Alarm | None:
    """Return a metric alarm or composite alarm of the request's account and region; None where there is none."""
    alarm: Alarm | None = cloudwatch._alarms.get(name) or cloudwatch._composite_alarms.get(name)
    return alarm


def change_alarm_state(alarm: Alarm, state: str, reason: str) -> None:
    """Set the state of an alarm, write its history, run its actions and evaluate the composite alarms that use it."""
    before = alarm["StateValue"]
    alarm["StateValue"], alarm["StateReason"] = state, reason
    alarm["StateUpdatedTimestamp"] = int(time.time())
    cloudwatch._record_history(alarm["AlarmName"], before, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def put_composite_alarm(properties: Mapping[str, object]) -> str:
    """Create or change a composite alarm of the request's account; return its ARN. Raises ValueError."""
    status, _, body = cloudwatch._put_composite_alarm({}, dict(properties), is_cbor=False, is_json=True)
    if status >= 400:
        raise ValueError(json.loads(body).get("message") or body.decode())
    return str(cloudwatch._composite_alarms[properties["AlarmName"]]["AlarmArn"])


def delete_composite_alarm(name: str) -> None:
    """Delete a composite alarm of the request's account. Raises ValueError where another alarm uses it."""
    status, _, body = cloudwatch._delete_alarms({}, {"AlarmNames": [name]}, is_cbor=False, is_json=True)
    if status >= 400:
        raise ValueError(json.loads(body).get("message") or body.decode())
