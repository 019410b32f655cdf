"""Weighted aliases: the version that runs for each kind of caller, its metrics, and Lambda's errors."""

from __future__ import annotations

import itertools
import json
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rehearsal.emulator.functions.alias_weights import AliasCounter
from rehearsal.emulator.ministack.port.function_records import AliasRecord
from tests.emulator.functions.conftest import ACCOUNT, REGION, Functions, zipped

CODE = """
import json
def handler(event, context):
    print("ran", context.function_version, context.invoked_function_arn)
    if {fails}:
        raise ValueError("bad release")
    return {{"version": context.function_version, "arn": context.invoked_function_arn}}
"""
WEIGHTS = {"AdditionalVersionWeights": {"2": 0.1}}

_numbers = itertools.count(1)


def released(functions: Functions, *, fails: bool = False, weight: float = 0.1, **more: Any) -> str:
    """Return a function with versions 1 and 2 behind its alias `live`; version 2 fails if `fails` is set."""
    api, name = functions.client("lambda"), functions.make(CODE.format(fails=False), **more)
    api.publish_version(FunctionName=name)
    api.update_function_code(FunctionName=name, ZipFile=zipped(main_py=CODE.format(fails=fails) + "# 2\n"))
    api.publish_version(FunctionName=name)
    routing = {"AdditionalVersionWeights": {"2": weight}}
    api.create_alias(FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig=routing)
    return name


def ran(functions: Functions, name: str) -> Counter[str]:
    """Return how often each version ran, by the function's log."""
    logs, group = functions.client("logs"), f"/aws/lambda/{name}"
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    try:
        lines = [event["message"] for page in pages for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:  # it has not run yet
        return Counter()
    return Counter(line.rstrip().rpartition("Version: ")[2] for line in lines if line.startswith("START "))


def eventually(functions: Functions, name: str, expected: dict[str, int]) -> None:
    """Wait until the versions have run this often, and assert that they have not run more often."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and sum(ran(functions, name).values()) < sum(expected.values()):
        time.sleep(0.1)
    assert ran(functions, name) == expected


def test_the_share_of_a_weight_is_exact() -> None:
    """The additional version gets its share of any number of invocations, rounded to the nearest integer."""
    alias: AliasRecord = {"AliasArn": "arn", "RevisionId": "1", "FunctionVersion": "1"}
    for weight in (0.0, 0.01, 0.1, 0.3, 0.5, 0.999, 1.0):
        counter = AliasCounter()
        weighted: AliasRecord = {**alias, "RoutingConfig": {"AdditionalVersionWeights": {"2": weight}}}
        chosen = [counter.next_version(weighted) for _ in range(1000)]
        assert chosen.count("2") == round(1000 * weight)
        assert all(abs(chosen[:calls].count("2") - calls * weight) <= 0.5 for calls in range(1000))


def test_an_update_of_the_alias_starts_the_count_again() -> None:
    """An update of the alias resets the count of its versions' shares."""
    counter = AliasCounter()
    alias: AliasRecord = {
        "AliasArn": "arn",
        "FunctionVersion": "1",
        "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1}},
    }
    first = [counter.next_version({**alias, "RevisionId": "1"}) for _ in range(4)]
    second = [counter.next_version({**alias, "RevisionId": "2"}) for _ in range(5)]
    assert (first, second) == (["1"] * 4, ["1"] * 4 + ["2"])


def test_a_caller_reaches_the_versions_by_their_weights(functions: Functions) -> None:
    """With a weight of 0.1, one of ten calls runs the additional version; the response names the version."""
    name, api = released(functions), functions.client("lambda")
    answers = [api.invoke(FunctionName=name, Qualifier="live") for _ in range(10)]
    payloads = [json.loads(answer["Payload"].read()) for answer in answers]
    assert [answer["ExecutedVersion"] for answer in answers] == [payload["version"] for payload in payloads]
    assert [payload["version"] for payload in payloads] == ["1"] * 4 + ["2"] + ["1"] * 5
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:live"
    assert {payload["arn"] for payload in payloads} == {arn}
    assert ran(functions, name) == {"1": 9, "2": 1}
    assert json.loads(api.invoke(FunctionName=f"{name}:2")["Payload"].read())["version"] == "2"


def test_a_dry_run_counts_for_nothing(functions: Functions) -> None:
    """Dry runs do not count towards a version's share."""
    name, api = released(functions, weight=0.5), functions.client("lambda")
    for _ in range(3):
        api.invoke(FunctionName=name, Qualifier="live", InvocationType="DryRun")
    assert [api.invoke(FunctionName=name, Qualifier="live")["ExecutedVersion"] for _ in range(2)] == ["2", "1"]


def by_events(functions: Functions, name: str, _arn: str) -> None:
    for _ in range(10):
        functions.client("lambda").invoke(FunctionName=name, Qualifier="live", InvocationType="Event")


def by_queue(functions: Functions, name: str, arn: str) -> None:
    sqs, queue = functions.client("sqs"), f"{name}-queue"
    url = sqs.create_queue(QueueName=queue)["QueueUrl"]
    functions.client("lambda").create_event_source_mapping(
        FunctionName=arn, EventSourceArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}", BatchSize=1
    )
    for number in range(10):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))


def by_topic(functions: Functions, name: str, arn: str) -> None:
    sns = functions.client("sns")
    topic = sns.create_topic(Name=f"{name}-topic")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    for number in range(10):
        sns.publish(TopicArn=topic, Message=str(number))


def by_rule(functions: Functions, name: str, arn: str) -> None:
    events, source = functions.client("events"), f"{name}.orders"
    events.put_rule(Name=f"{name}-rule", EventPattern=json.dumps({"source": [source]}))
    events.put_targets(Rule=f"{name}-rule", Targets=[{"Id": "1", "Arn": arn}])
    entry = {"Source": source, "DetailType": "order", "Detail": "{}"}
    events.put_events(Entries=[entry] * 10)


def by_api(functions: Functions, name: str, arn: str) -> None:
    gateway = functions.client("apigatewayv2")
    api = gateway.create_api(Name=name, ProtocolType="HTTP")["ApiId"]
    integration = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    gateway.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=api, StageName="prod", AutoDeploy=True)
    for number in range(10):
        address = f"{functions.endpoint.url}/_aws/execute-api/{api}/prod/{number}"
        with urllib.request.urlopen(address) as answer:  # noqa: S310
            assert answer.status == 200


@pytest.mark.parametrize("send", [by_events, by_queue, by_topic, by_rule, by_api], ids=lambda send: send.__name__)
def test_every_event_source_reaches_the_versions_by_their_weights(
    functions: Functions, send: Callable[[Functions, str, str], None]
) -> None:
    """Queues, topics, rules, APIs and asynchronous calls share an alias as direct calls do."""
    name = released(functions)
    send(functions, name, f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:live")
    eventually(functions, name, {"1": 9, "2": 1})


def sums(functions: Functions, metric: str, **dimensions: str) -> float:
    """Return the sum of a Lambda metric with exactly these dimensions."""
    now = datetime.now(UTC)
    answer = functions.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=2),
        Period=3600 * 2,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in answer["Datapoints"]))


def test_metrics_have_the_dimensions_of_aws(functions: Functions) -> None:
    """Invocations and errors are counted by function, by alias, and by executed version."""
    name, api = released(functions, fails=True, weight=0.5), functions.client("lambda")
    for _ in range(4):
        api.invoke(FunctionName=name, Qualifier="live")
    api.invoke(FunctionName=name, Qualifier="1")
    api.invoke(FunctionName=name)
    live = {"FunctionName": name, "Resource": f"{name}:live"}
    assert sums(functions, "Invocations", FunctionName=name) == 6
    assert sums(functions, "Invocations", **live) == 4
    assert sums(functions, "Invocations", **live, ExecutedVersion="1") == 2
    assert sums(functions, "Invocations", **live, ExecutedVersion="2") == 2
    assert sums(functions, "Errors", **live, ExecutedVersion="1") == 0
    assert sums(functions, "Errors", **live, ExecutedVersion="2") == 2
    assert sums(functions, "Invocations", FunctionName=name, Resource=f"{name}:1") == 1
    assert sums(functions, "Invocations", FunctionName=name, Resource=name) == 1


def test_a_throttled_request_is_not_an_invocation(functions: Functions) -> None:
    """A throttled request counts once in Throttles and not in Invocations."""
    name, api = released(functions), functions.client("lambda")
    sent: list[str] = []
    api.meta.events.register("before-send.lambda.Invoke", lambda request, **_: sent.append(request.url))
    api.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match="TooManyRequests"):
        api.invoke(FunctionName=name)
    assert sums(functions, "Throttles", FunctionName=name) == len([url for url in sent if name in url])
    assert sums(functions, "Invocations", FunctionName=name) == 0


@pytest.mark.parametrize(
    ("alias", "problem"),
    [
        ({"FunctionVersion": "9"}, "Function not found: .*:9"),
        ({"FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"9": 0.1}}}, "not found: .*:9"),
        ({"FunctionVersion": "$LATEST", "RoutingConfig": WEIGHTS}, r"\$LATEST is not supported"),
        ({"FunctionVersion": "2", "RoutingConfig": WEIGHTS}, "points to already"),
        ({"FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"2": 1.5}}}, "between 0.0 and 1.0"),
        ({"FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1, "3": 0.1}}}, "at most two"),
        ({"FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"3": 0.1}}}, "same execution role"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_alias_takes_what_lambda_takes(functions: Functions, alias: dict[str, Any], problem: str) -> None:
    """The API and CloudFormation reject an invalid version or weight, and change nothing."""
    name, api = released(functions), functions.client("lambda")
    api.update_function_configuration(FunctionName=name, Role=f"arn:aws:iam::{ACCOUNT}:role/other")
    api.publish_version(FunctionName=name)
    with pytest.raises(ClientError, match=problem):
        api.create_alias(FunctionName=name, Name="other", **alias)
    with pytest.raises(ClientError, match=problem):
        api.update_alias(FunctionName=name, Name="live", **alias)
    assert api.get_alias(FunctionName=name, Name="live")["RoutingConfig"] == WEIGHTS
    assert stack_reason(functions, name, alias)


def stack_reason(functions: Functions, name: str, alias: dict[str, Any]) -> list[str]:
    """Return why a stack with this alias was rolled back."""
    properties = {"FunctionName": name, "Name": "other", **alias}
    if routing := properties.get("RoutingConfig"):
        weights = routing["AdditionalVersionWeights"]
        listed = [{"FunctionVersion": key, "FunctionWeight": value} for key, value in weights.items()]
        properties["RoutingConfig"] = {"AdditionalVersionWeights": listed}
    template = {"Resources": {"Alias": {"Type": "AWS::Lambda::Alias", "Properties": properties}}}
    api, stack = functions.client("cloudformation"), f"alias-{next(_numbers)}"
    api.create_stack(StackName=stack, TemplateBody=json.dumps(template))
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        status = api.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        if not status.endswith("IN_PROGRESS"):
            break
        time.sleep(0.05)
    events = api.describe_stack_events(StackName=stack)["StackEvents"]
    return [event["ResourceStatusReason"] for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
