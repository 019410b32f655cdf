"""Alarms of templates with the property Metrics: a single metric, or an expression of metrics.

Source: CloudFormation user guide, "AWS::CloudWatch::Alarm", Metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from rehearsal.emulator.cloudformation.resource_record import ResourceRecord
from rehearsal.emulator.cloudwatch.alarm_math import AlarmMath, single_metric
from rehearsal.emulator.cloudwatch.series_functions import UnsupportedExpression
from rehearsal.emulator.ministack.port import cloudwatch
from rehearsal.emulator.ministack.port.cloudformation import Properties, ProvisionedResource
from rehearsal.json_values import items, mapping

TYPE = "AWS::CloudWatch::Alarm"
_PLACEHOLDER = {"MetricName": "-", "Namespace": "-"}


class MetricMathAlarms:
    """Extends the handlers of alarms, and records each alarm that is not evaluated."""

    def __init__(self, record: ResourceRecord) -> None:
        self._record = record

    def create(self, create: Callable[..., ProvisionedResource]) -> Callable[..., ProvisionedResource]:
        """Return the replacement of the create handler of alarms."""

        def create_alarm(logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
            resource = create(logical_id, plain_properties(properties), stack)
            self._note(resource[0], properties, logical_id, stack)
            return resource

        return create_alarm

    def update(self, update: Callable[..., ProvisionedResource]) -> Callable[..., ProvisionedResource]:
        """Return the replacement of the update handler of alarms."""

        def update_alarm(
            name: str, old: Properties, new: Properties, stack: str, logical_id: str
        ) -> ProvisionedResource:
            resource = update(name, plain_properties(old), plain_properties(new), stack, logical_id)
            self._note(resource[0], new, logical_id, stack)
            return resource

        return update_alarm

    def _note(self, name: str, properties: Properties, logical_id: str, stack: str) -> None:
        alarm = cloudwatch.find_alarm(name)
        if alarm is None or alarm.get("MetricName") != _PLACEHOLDER["MetricName"]:
            return
        queries = items(properties, "Metrics")
        alarm |= {"MetricName": "", "Namespace": "", "Metrics": queries}
        try:
            alarm["Period"] = AlarmMath.of(queries).period
        except UnsupportedExpression:
            self._record.add(TYPE, logical_id, stack)


def plain_properties(properties: Properties) -> Properties:
    """Return the properties without Metrics: with the single metric, or a placeholder for an expression."""
    metrics = items(properties, "Metrics")
    if not metrics:
        return properties
    rest = {name: value for name, value in properties.items() if name != "Metrics"}
    return {**rest, **(_single_metric(metrics) or _PLACEHOLDER)}


def _single_metric(metrics: Sequence[object]) -> Properties | None:
    """Return the properties of an alarm on a single metric; None for an expression or another account's metric."""
    if len(metrics) != 1 or not mapping(metrics[0], "MetricStat"):
        return None
    with suppress(UnsupportedExpression):
        return single_metric(metrics[0])
    return None
