"""Alarms: states from data points and missing data, and their periodic evaluation."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Unpack

import pytest
from ministack.core.responses import request_scope
from ministack.services import cloudwatch

from rehearsal.emulator.cloudwatch.alarm_evaluation import AlarmEvaluator
from rehearsal.emulator.cloudwatch.alarm_states import AlarmRule
from rehearsal.emulator.ministack.corrections import traffic
from rehearsal.emulator.ministack.patches import correct
from rehearsal.emulator.ministack.port.cloudwatch import Alarm
from rehearsal.workspace.clock import Clock
from tests.conftest import Embedded
from tests.emulator.iam.principals import ACCOUNT, REGION

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
KEEP = None


def rule(comparison: str = "GreaterThanOrEqualToThreshold", **more: Unpack[Alarm]) -> AlarmRule:
    return AlarmRule.of({"Threshold": 1, "ComparisonOperator": comparison, **more})


def state(points: str, treatment: str, to_alarm: int) -> str | None:
    """Return an alarm's state over three periods. points: oldest first; X breaches, 0 does not, - is missing."""
    values = {"X": 1.0, "0": 0.0, "-": None}
    alarm = rule(EvaluationPeriods=3, DatapointsToAlarm=to_alarm, TreatMissingData=treatment)
    return alarm.state([values[point] for point in reversed(points.split())])


# Source: Amazon CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data", both tables.
@pytest.mark.parametrize(
    ("points", "to_alarm", "states"),
    [
        ("0 - X - X", 3, ("OK", "OK", "OK", "OK")),
        ("- - - - 0", 3, ("OK", "OK", "OK", "OK")),
        ("- - - - -", 3, ("INSUFFICIENT_DATA", KEEP, "ALARM", "OK")),
        ("0 X X - X", 3, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("- - X - -", 3, ("ALARM", KEEP, "ALARM", "OK")),
        ("0 - X - X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 0 X 0 X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 - X - -", 2, ("OK", "OK", "ALARM", "OK")),
        ("- - - - 0", 2, ("OK", "OK", "ALARM", "OK")),
        ("- - - X -", 2, ("ALARM", KEEP, "ALARM", "OK")),
    ],
)
def test_missing_data_is_treated_as_on_aws(points: str, to_alarm: int, states: tuple[str | None, ...]) -> None:
    """Each row of AWS's tables has AWS's state, for each of the four treatments of missing data."""
    assert tuple(state(points, treatment, to_alarm) for treatment in TREATMENTS) == states


def test_alarms_of_dynamodb_ignore_missing_data() -> None:
    """Alarms on DynamoDB metrics keep their state if data is missing, whatever TreatMissingData says."""
    alarm = rule(Namespace="AWS/DynamoDB", EvaluationPeriods=3, TreatMissingData="breaching")
    assert alarm.state([None] * 3) is KEEP


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanOrEqualToThreshold", {1.0, 2.0}),
        ("GreaterThanThreshold", {2.0}),
        ("LessThanThreshold", {0.0}),
        ("LessThanOrEqualToThreshold", {0.0, 1.0}),
    ],
)
def test_a_value_is_compared_with_the_threshold(comparison: str, breaching: set[float]) -> None:
    """The four comparison operators of static thresholds work as documented."""
    assert {value for value in (0.0, 1.0, 2.0) if rule(comparison).breaches(value)} == breaching


@pytest.fixture
def evaluator(tmp_path: Path, as_it_comes: None) -> AlarmEvaluator:
    """An evaluator in this process, whose minute passes in a second."""
    clock = Clock(tmp_path / "clock.json")
    clock.set_scale(60)
    return AlarmEvaluator(clock)


def alarm(**more: Any) -> dict[str, Any]:
    """Store an alarm on the metric Errors of the function `f`."""
    cloudwatch._put_metric_alarm(
        {},
        {
            "AlarmName": "errors",
            "Namespace": "AWS/Lambda",
            "MetricName": "Errors",
            "Statistic": "Sum",
            "Dimensions": [{"Name": "FunctionName", "Value": "f"}],
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            **more,
        },
        is_cbor=True,
    )
    stored: dict[str, Any] = cloudwatch._alarms["errors"]
    return stored


def put(value: float, ago: float, **dimensions: str) -> None:
    """Add a data point of the metric, `ago` real seconds in the past."""
    cloudwatch.record_metric("AWS/Lambda", "Errors", value, "Count", dimensions or {"FunctionName": "f"})
    key = ("AWS/Lambda", "Errors", cloudwatch._dims_key(dimensions or {"FunctionName": "f"}))
    cloudwatch._metrics[key][-1]["Timestamp"] -= ago


def test_an_alarm_mixes_dimensions(evaluator: AlarmEvaluator) -> None:
    """The fault: the errors of another function raise the alarm. Corrected, only its own function's errors do."""
    put(1, 1.1, FunctionName="other")
    assert alarm()["StateValue"] == "ALARM"
    cloudwatch._alarms.clear()
    correct(traffic.ALARM_EVALUATION, owners=[evaluator])
    assert alarm()["StateValue"] == "OK"
    put(1, 1.1)
    assert alarm()["StateValue"] == "ALARM"


def test_each_period_has_its_own_value(evaluator: AlarmEvaluator) -> None:
    """Two errors in one period count as one breaching period; M of N periods have to breach."""
    correct(traffic.ALARM_EVALUATION, owners=[evaluator])
    put(1, 2.0)
    put(1, 2.0)
    assert alarm(EvaluationPeriods=3, DatapointsToAlarm=2)["StateValue"] == "OK"
    put(1, 3.0)
    assert alarm(EvaluationPeriods=3, DatapointsToAlarm=2)["StateValue"] == "ALARM"


def test_the_present_period_does_not_count_before_it_ends(evaluator: AlarmEvaluator) -> None:
    """A period that has just begun does not raise an alarm on too few calls."""
    correct(traffic.ALARM_EVALUATION, owners=[evaluator])
    put(5, 1.1)
    put(5, 2.1)
    put(5, 3.1)
    few = alarm(ComparisonOperator="LessThanThreshold", EvaluationPeriods=1)
    assert few["StateValue"] == "OK"


def waited(embedded: Embedded, name: str, wanted: str) -> str:
    """Return the alarm's state once it is `wanted`, or after ten seconds."""
    deadline = time.monotonic() + 10
    while True:
        answer = embedded.client("cloudwatch").describe_alarms(
            AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        alarms: list[dict[str, Any]] = [*answer["MetricAlarms"], *answer["CompositeAlarms"]]
        found = alarms[0]
        if found["StateValue"] == wanted or time.monotonic() > deadline:
            return str(found["StateValue"])
        time.sleep(0.05)


def test_alarms_change_state_as_time_passes(embedded: Embedded) -> None:
    """An alarm leaves INSUFFICIENT_DATA and follows its metric; SetAlarmState lasts until the next evaluation."""
    name, api = embedded.name("alarm"), embedded.client("cloudwatch")
    api.put_metric_alarm(
        AlarmName=name,
        Namespace=name,
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )
    assert waited(embedded, name, "OK") == "OK"
    api.put_metric_data(Namespace=name, MetricData=[{"MetricName": "Errors", "Value": 1}])
    assert waited(embedded, name, "ALARM") == "ALARM"
    assert waited(embedded, name, "OK") == "OK"
    api.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    assert waited(embedded, name, "OK") == "OK"
    items = api.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert len(items) >= 4


def test_a_stack_has_a_composite_alarm(embedded: Embedded) -> None:
    """A composite alarm follows its rule's alarms, is updated in place, and is deleted with its stack."""
    name, api, stacks = embedded.name("composite"), embedded.client("cloudwatch"), embedded.client("cloudformation")
    metric = {
        "AlarmName": f"{name}-metric",
        "Namespace": name,
        "MetricName": "Errors",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "ignore",
    }

    def template(state: str) -> str:
        alarm_rule = {"Fn::Sub": f"{state}(${{Metric}})"}
        composite = {"AlarmName": name, "AlarmRule": alarm_rule, "AlarmDescription": state}
        resources = {
            "Metric": {"Type": "AWS::CloudWatch::Alarm", "Properties": metric},
            "Composite": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": composite},
        }
        return json.dumps({"Resources": resources, "Outputs": {"Arn": {"Value": {"Fn::GetAtt": "Composite.Arn"}}}})

    def deploy(verb: Callable[..., Any], waiter: str, state: str) -> None:
        verb(StackName=name, TemplateBody=template(state))
        stacks.get_waiter(waiter).wait(StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})

    deploy(stacks.create_stack, "stack_create_complete", "ALARM")
    (output,) = stacks.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    assert output["OutputValue"].endswith(f":alarm:{name}")
    api.set_alarm_state(AlarmName=f"{name}-metric", StateValue="ALARM", StateReason="test")
    assert waited(embedded, name, "ALARM") == "ALARM"
    deploy(stacks.update_stack, "stack_update_complete", "OK")
    assert waited(embedded, name, "OK") == "OK"
    stacks.delete_stack(StackName=name)
    stacks.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
    assert api.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"] == []


def test_a_scope_is_an_account_and_region(evaluator: AlarmEvaluator) -> None:
    """An alarm does not watch the metrics of another account."""
    correct(traffic.ALARM_EVALUATION, owners=[evaluator])
    with request_scope("222222222222", REGION):
        put(1, 1.1)
    assert alarm()["StateValue"] == "OK"
    assert ACCOUNT in alarm()["AlarmArn"]
    assert time.time() - alarm()["StateUpdatedTimestamp"] < 60
