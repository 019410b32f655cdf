"""Lambda's limits, which MiniStack lacks without the correction."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.functions import limits
from rehearsal.emulator.ministack.corrections import refusals
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.functions.conftest import ACCOUNT, REGION, Functions

FUNCTION = {
    "FunctionName": "f",
    "Runtime": "python3.13",
    "Handler": "main.handler",
    "Role": f"arn:aws:iam::{ACCOUNT}:role/function",
    "Code": {"ZipFile": "handler = print"},
}
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"


@pytest.fixture
def lambda_without_limits(as_it_comes: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A function that returns as many letters as the event says."""

    def answer(record: Any, event: Any, *_: Any) -> dict[str, Any]:
        return {"body": "x" * event.get("answer", 0)}

    monkeypatch.setattr(lambda_svc, "_execute_function_with_config_scope", answer)
    monkeypatch.setattr(lambda_svc, "invoke_async_with_retry", lambda *_: None)
    provisioners._lambda_create("Function", FUNCTION, "stack")
    yield
    lambda_svc._esms.clear()


def invoke(event: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any], Any]:
    """Return the status, the headers and the response of an invocation."""
    status, more, body = asyncio.run(lambda_svc._invoke("f", event, headers))
    return status, dict(more), json.loads(body or b"null")


def test_a_payload_has_a_limit(lambda_without_limits: None) -> None:
    """The fault: no payload limit. Corrected, 6 MB for a request and 1 MB for an event, as documented in 2026."""
    large, event = {"text": "x" * limits.REQUEST_BYTES}, {"x-amz-invocation-type": "Event"}
    assert invoke(large)[0] == 200
    assert invoke({"text": "x" * limits.EVENT_BYTES}, **event)[0] == 202
    correct(refusals.PAYLOADS)
    status, _, answer = invoke(large)
    assert (status, answer["__type"]) == (413, "RequestEntityTooLargeException")
    assert answer["message"] == "Request must be smaller than 6291456 bytes for the InvokeFunction operation"
    status, _, answer = invoke({"text": "x" * limits.EVENT_BYTES}, **event)
    assert status == 413
    assert answer["message"].endswith("too large for the Event invocation type (limit 1048576 bytes)")
    assert invoke({"text": "x" * limits.EVENT_BYTES})[0] == 200
    assert invoke({"text": "x" * 1000}, **event)[0] == 202


def test_an_answer_has_a_limit(lambda_without_limits: None) -> None:
    """A response that is too large is a function error, as on AWS, and is lost."""
    correct(refusals.PAYLOADS)
    status, headers, answer = invoke({"answer": limits.RESPONSE_BYTES})
    assert (status, headers["X-Amz-Function-Error"]) == (200, "Unhandled")
    assert answer["errorType"] == "Function.ResponseSizeTooLarge"
    assert invoke({"answer": 1000})[2] == "x" * 1000


@pytest.mark.parametrize(
    ("configuration", "result"),
    [
        ({"Timeout": 901}, "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than"),
        ({"Timeout": 0}, "Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "Reserved keys used in this request: AWS_REGION"),
        ({"Environment": {"Variables": {"LARGE": "x" * 4096}}}, "provided exceeded the 4KB limit. String measured: {"),
        ({"Environment": {"Variables": {"with-dash": "x"}}}, "satisfy regular expression pattern: [a-zA-Z]("),
    ],
    ids=["timeout", "no time", "reserved", "size", "name"],
)
def test_a_functions_configuration_has_limits(
    lambda_without_limits: None, configuration: dict[str, Any], result: str
) -> None:
    """The fault: any configuration is accepted. Corrected, the API and CloudFormation enforce Lambda's limits."""
    other = {**FUNCTION, "FunctionName": "g"}
    provisioners._lambda_create("Function", {**other, **configuration}, "stack")
    assert lambda_svc._update_config("f", configuration)[0] == 200
    lambda_svc._functions.pop("g")
    correct(refusals.FUNCTION_LIMITS)
    create, update = lambda_svc._create_function, lambda_svc._update_config
    for answer in (create({**other, **configuration}), update("f", configuration)):
        assert answer[0] == 400
        assert result in json.loads(answer[2])["message"]
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    with pytest.raises(limits.LimitExceeded) as refused:
        handlers["create"]("Function", {**other, **configuration}, "stack")
    assert result in str(refused.value)
    with pytest.raises(limits.LimitExceeded):
        handlers["update"]("f", FUNCTION, {**FUNCTION, **configuration}, "stack")
    assert "g" not in lambda_svc._functions


def test_a_configuration_within_the_limits_is_accepted(lambda_without_limits: None) -> None:
    """A timeout of 900 seconds, 4 KB of variables, and TZ or PYTHONPATH are accepted."""
    correct(refusals.FUNCTION_LIMITS)
    variables = {"LARGE": "x" * 4000, "TZ": "UTC", "PYTHONPATH": "/opt"}
    assert lambda_svc._update_config("f", {"Timeout": 900, "Environment": {"Variables": variables}})[0] == 200


@pytest.mark.parametrize(("visibility", "timeout", "accepted"), [(30, 31, False), (30, 30, True), (180, 30, True)])
def test_a_queue_hides_messages_as_long_as_its_function_may_take(
    lambda_without_limits: None, visibility: int, timeout: int, accepted: bool
) -> None:
    """The fault: a mapping accepts a visibility timeout below the function's timeout, so messages arrive twice."""
    make_queue = provisioners._RESOURCE_HANDLERS["AWS::SQS::Queue"]["create"]
    make_queue("Queue", {"QueueName": "q", "VisibilityTimeout": visibility}, "stack")
    lambda_svc._functions["f"]["config"]["Timeout"] = timeout
    mapping = {"EventSourceArn": QUEUE, "FunctionName": "f"}
    assert lambda_svc._create_esm(mapping)[0] == 202
    correct(refusals.QUEUE_VISIBILITY)
    status, _, body = lambda_svc._create_esm(mapping)
    provision = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]["create"]
    if accepted:
        assert status == 202
        assert provision("Mapping", mapping, "stack")[0]
    else:
        result = f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds"
        assert (status, json.loads(body)["message"]) == (400, result)
        with pytest.raises(limits.LimitExceeded, match=result):
            provision("Mapping", mapping, "stack")


def test_the_embedded_aws_has_the_limits(functions: Functions) -> None:
    """The embedded AWS's API enforces the limits."""
    api, name = functions.client("lambda"), functions.make("def handler(event, context):\n    return 'x' * 6291557\n")
    with pytest.raises(ClientError, match="RequestEntityTooLargeException"):
        api.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps("x" * limits.EVENT_BYTES))
    assert functions.call(name).answer["errorType"] == "Function.ResponseSizeTooLarge"
    with pytest.raises(ClientError, match="Member must have value less than or equal to 900"):
        api.update_function_configuration(FunctionName=name, Timeout=901)
