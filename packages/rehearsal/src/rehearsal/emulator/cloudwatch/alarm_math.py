"""Metrics and expressions in an alarm's property `Metrics`.

Source: CloudWatch API reference, "MetricDataQuery", and CloudFormation user guide, "AWS::CloudWatch::Alarm", Metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rehearsal.emulator.cloudwatch.math_expression import MetricMath
from rehearsal.emulator.cloudwatch.series_functions import Series, UnsupportedExpression
from rehearsal.emulator.ministack.port.cloudwatch import Alarm, Dimension
from rehearsal.json_values import items, mapping, text


@dataclass(frozen=True)
class AlarmMath:
    """The metrics and expressions of an alarm.

    metrics: id -> a metric with the members of an alarm on it. expressions: id -> text. watched: the id of the metric
    or expression that the alarm evaluates. period: of all metrics, in seconds.
    """

    metrics: Mapping[str, Alarm]
    expressions: Mapping[str, str]
    watched: str
    period: float

    @classmethod
    def of(cls, queries: Sequence[object]) -> AlarmMath:
        """Return the metrics and expressions of an alarm's `Metrics`. Raises UnsupportedExpression."""
        metrics = {text(query, "Id"): single_metric(query) for query in queries if mapping(query, "MetricStat")}
        expressions = {text(query, "Id"): text(query, "Expression") for query in queries if text(query, "Expression")}
        watched = [text(query, "Id") for query in queries if str(mapping(query).get("ReturnData", True)) != "False"]
        periods = {metric["Period"] for metric in metrics.values()}
        if len(watched) != 1 or len(periods) != 1:
            raise UnsupportedExpression("an alarm watches one result, of metrics that have one period")
        parsed = cls(metrics, expressions, watched[0], periods.pop())
        parsed.series(lambda _: [1.0])  # raises for an expression that no data could make valid
        return parsed

    def series(self, read: Callable[[Alarm], Series]) -> Series:
        """Return the watched time series; read: returns a metric's time series. Raises UnsupportedExpression."""
        series = {id_: read(metric) for id_, metric in self.metrics.items()}
        return MetricMath(series, self.expressions, self.period).series(self.watched)


def single_metric(query: object) -> Alarm:
    """Return a query's metric with the members of an alarm on it. Raises UnsupportedExpression for other accounts."""
    stat, metric = mapping(query, "MetricStat"), mapping(query, "MetricStat", "Metric")
    if text(query, "AccountId"):
        raise UnsupportedExpression("a metric of another account is not evaluated")
    dimensions = [Dimension(Name=text(item, "Name"), Value=text(item, "Value")) for item in items(metric, "Dimensions")]
    alarm = Alarm(
        MetricName=text(metric, "MetricName"),
        Namespace=text(metric, "Namespace"),
        Period=float(str(stat["Period"])),
        Dimensions=dimensions,
    )
    name = text(stat, "Stat")
    if name.startswith(("p", "t", "w", "P", "T", "W")):
        alarm["ExtendedStatistic"] = name
    else:
        alarm["Statistic"] = name
    if unit := text(stat, "Unit"):
        alarm["Unit"] = unit
    return alarm
