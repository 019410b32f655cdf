"""Alarms with Metrics in templates, as CDK writes them for expressions, labels and other regions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.cloudformation.resource_record import ResourceRecord
from rehearsal.emulator.cloudwatch.alarm_evaluation import AlarmEvaluator
from rehearsal.emulator.cloudwatch.metric_math import TYPE, MetricMathAlarms
from rehearsal.emulator.ministack.corrections import traffic
from rehearsal.emulator.ministack.patches import correct
from rehearsal.workspace.clock import Clock

METRIC: dict[str, Any] = {
    "Namespace": "AWS/Lambda",
    "MetricName": "Errors",
    "Dimensions": [{"Name": "FunctionName", "Value": "f"}],
}
ONE: dict[str, Any] = {"Id": "m1", "MetricStat": {"Metric": METRIC, "Period": 300, "Stat": "Sum"}, "ReturnData": True}
TWO = {**ONE, "Id": "m2", "MetricStat": {**ONE["MetricStat"], "Metric": {**METRIC, "MetricName": "Invocations"}}}
RATE = {"Id": "rate", "Expression": "100 * m1 / m2", "ReturnData": True}
SPEED = {"Id": "rate", "Expression": "RATE(m1)", "ReturnData": True}
ALARM = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 1, "EvaluationPeriods": 1, "AlarmName": "a"}


@pytest.fixture
def record(as_it_comes: None, tmp_path: Path) -> Path:
    """The record of resources that have no effect."""
    return tmp_path / "resources.jsonl"


def provision(metrics: list[dict[str, Any]]) -> Any:
    """Create the alarm as CloudFormation does, and return its record."""
    provisioners._RESOURCE_HANDLERS[TYPE]["create"]("Alarm", {**ALARM, "Metrics": metrics}, "stack")
    return cloudwatch._alarms["a"]


def quiet(*queries: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the queries with ReturnData false."""
    return [{**query, "ReturnData": False} for query in queries]


def test_an_alarm_with_metrics_is_refused(record: Path) -> None:
    """The fault: its stack fails. Corrected, an alarm on an expression is created, with the period of its metrics."""
    with pytest.raises(ValueError, match="metric math"):
        provision([ONE, RATE])
    correct(traffic.METRIC_MATH, owners=[MetricMathAlarms(ResourceRecord(record))])
    alarm = provision([*quiet(ONE, TWO), RATE])
    assert (alarm["StateValue"], alarm["MetricName"], alarm["Period"]) == ("INSUFFICIENT_DATA", "", 300)
    assert alarm["Metrics"][2]["Expression"] == "100 * m1 / m2"
    assert not record.exists()


@pytest.mark.parametrize(
    "queries",
    [
        [*quiet(ONE), SPEED],
        [*quiet(ONE), RATE],
        [ONE, TWO],
        quiet(ONE, TWO),
        [*quiet(ONE, {**TWO, "MetricStat": {**TWO["MetricStat"], "Period": 60}}), RATE],
        [*quiet({**ONE, "AccountId": "222222222222"}, TWO), RATE],
    ],
)
def test_an_alarm_that_is_not_evaluated_is_reported(record: Path, queries: list[dict[str, Any]]) -> None:
    """An alarm on unsupported metrics keeps its state and is reported."""
    correct(traffic.METRIC_MATH, owners=[MetricMathAlarms(ResourceRecord(record))])
    alarm = provision(queries)
    evaluator = AlarmEvaluator(Clock(record.with_name("clock.json")))
    evaluator.evaluate(alarm)
    assert alarm["StateValue"] == "INSUFFICIENT_DATA"
    assert TYPE in record.read_text()


def test_an_alarm_on_an_expression_is_evaluated(record: Path) -> None:
    """An alarm on an expression evaluates it: three errors in ten calls are 30 percent."""
    correct(traffic.METRIC_MATH, owners=[MetricMathAlarms(ResourceRecord(record))])
    clock = Clock(record.with_name("clock.json"))
    clock.set_scale(1)
    alarm = provision([*quiet(ONE, TWO), {**RATE, "Expression": "IF(m2 > 5, 100 * m1 / m2, 0)"}])
    for name, value in (("Errors", 3.0), ("Invocations", 10.0)):
        cloudwatch.record_metric("AWS/Lambda", name, value, "Count", {"FunctionName": "f"})
    clock.advance(300)
    evaluator = AlarmEvaluator(clock)
    evaluator.evaluate(alarm)
    assert alarm["StateValue"] == "ALARM"
    assert "1 datapoint(s) [30.0]" in alarm["StateReason"]
    alarm["Threshold"] = 30
    evaluator.evaluate(alarm)
    assert alarm["StateValue"] == "OK"


def test_an_alarm_on_one_metric_is_evaluated(record: Path) -> None:
    """An alarm on one metric under Metrics is equal to an alarm with MetricName, new and updated."""
    correct(traffic.METRIC_MATH, owners=[MetricMathAlarms(ResourceRecord(record))])
    alarm = provision([ONE])
    watched = {name: alarm[name] for name in ("Namespace", "MetricName", "Statistic", "Period", "Dimensions")}
    assert watched == {**METRIC, "Statistic": "Sum", "Period": 300}
    slower = {**ONE, "MetricStat": {**ONE["MetricStat"], "Stat": "p99"}}
    old, new = {**ALARM, "Metrics": [ONE]}, {**ALARM, "Metrics": [slower]}
    provisioners._RESOURCE_HANDLERS[TYPE]["update"]("a", old, new, "stack", "Alarm")
    assert cloudwatch._alarms["a"]["ExtendedStatistic"] == "p99"
    assert not record.exists()


def test_a_metric_of_another_account_is_not_evaluated(record: Path) -> None:
    """An alarm on another account's metric is reported and not evaluated."""
    correct(traffic.METRIC_MATH, owners=[MetricMathAlarms(ResourceRecord(record))])
    assert provision([{**ONE, "AccountId": "222222222222"}])["MetricName"] == ""
    assert TYPE in record.read_text()
