"""The states of alarms that rules and deployments watch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient


def alarm_states(cloudwatch: CloudWatchClient, names: Sequence[str]) -> dict[str, str]:
    """Return name -> state of those of the metric and composite alarms that exist."""
    if not names:
        return {}
    answer = cloudwatch.describe_alarms(AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    alarms = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
    return {str(alarm["AlarmName"]): str(alarm["StateValue"]) for alarm in alarms}
