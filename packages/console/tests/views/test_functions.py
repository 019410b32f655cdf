"""Functions: weights of aliases, and invocations from both log formats, checked against botocore's models."""

from __future__ import annotations

import json
from typing import Any

from pipeline_console.views.functions import alias, calls, places, total
from tests.fake_aws import Json, service_model, unknown_members

SIZES = "Billed Duration: 400 ms\tMemory Size: 256 MB\tMax Memory Used"
TEXT = f"REPORT RequestId: 11111111-aaaa\tDuration: 12.30 ms\t{SIZES}: 61 MB\tInit Duration: 380.10 ms\t\n"
WARM = f"REPORT RequestId: 22222222\tDuration: 3.0 ms\t{SIZES}: 62 MB\t\n"
TIMEOUT = f"REPORT RequestId: 3\tDuration: 10000 ms\t{SIZES}: 9 MB\tStatus: timeout"


def checked(service: str, operation: str, answer: Json) -> Any:
    """Return a response that botocore's model allows."""
    shape = service_model(service).operation_model(operation).output_shape
    assert unknown_members(shape, answer) == []
    return answer


def test_an_alias_without_weights_has_one_version() -> None:
    """An alias without weights sends all traffic to its version."""
    found = alias(checked("lambda", "GetAlias", {"Name": "live", "FunctionVersion": "7"}))
    assert [(share.version, share.percent) for share in found.shares] == [("7", 100.0)]


def test_weights_are_percentages_of_all_traffic() -> None:
    """The alias's version has the remaining percentage; the largest share comes first."""
    answer = {"Name": "live", "FunctionVersion": "7", "RoutingConfig": {"AdditionalVersionWeights": {"8": 0.9}}}
    found = alias(checked("lambda", "GetAlias", answer))
    assert [(share.version, share.percent) for share in found.shares] == [("8", 90.0), ("7", 10.0)]


def test_calls_are_read_from_reports_of_both_formats() -> None:
    """Invocations are read from text and JSON reports, latest first; other lines are ignored."""
    record = {"requestId": "4", "status": "error", "metrics": {"durationMs": 5.5, "maxMemoryUsedMB": 70}}
    report = json.dumps({"type": "platform.report", "record": record})
    messages = [TEXT, WARM, TIMEOUT, report, "[1]", "{}", "[" * 100_000, "text"]
    events = [{"timestamp": n * 1000, "message": message} for n, message in enumerate(messages)]
    found = calls(checked("logs", "FilterLogEvents", {"events": events})["events"])
    assert [(call.request_id, call.ms, call.memory_mb, call.init_ms, call.status) for call in found] == [
        ("4", 5.5, 70, None, "error"),
        ("3", 10000.0, 9, None, "timeout"),
        ("22222222", 3.0, 62, None, ""),
        ("11111111-aaaa", 12.3, 61, 380.1, ""),
    ]


def test_a_metric_is_the_sum_of_its_points() -> None:
    """A metric is the sum of its data points, zero without any."""
    answer = checked("cloudwatch", "GetMetricStatistics", {"Label": "Errors", "Datapoints": []})
    assert total([{"Sum": 2.0}, {"Sum": 3.0}]) == 5
    assert total(answer["Datapoints"]) == 0


def test_stacks_are_listed_once_with_account_and_region() -> None:
    """A stack with two actions is listed once, with the account of their role."""
    type_ = {"category": "Deploy", "owner": "AWS", "provider": "CloudFormation", "version": "1"}
    role = "arn:aws:iam::222222222222:role/deploy"
    actions = [
        {"name": name, "actionTypeId": type_, "roleArn": role, "configuration": {"StackName": "Dev-Shop"}}
        for name in ("Prepare", "Deploy")
    ]
    definition: Any = {"stages": [{"name": "Dev", "actions": actions}]}
    (place,) = places(definition, "eu-west-1")
    assert (place.environment, place.stack, place.account, place.region) == (
        "Dev",
        "Dev-Shop",
        "222222222222",
        "eu-west-1",
    )
