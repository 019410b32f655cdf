"""The function echo: a batch of a queue, message by message."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.handlers.conftest import UNICODE, Handler

FIRST, SECOND = "059f36b4-87a3-44ab-83d2-661975830a7d", "2e1424d4-f796-459a-8184-9c92662be6da"
LARGEST = 1024 * 1024  # bytes of an SQS message, its attributes included


def with_body(event: Any, body: str) -> Any:
    """Return the event with one record that has this body."""
    return {"Records": [{**event["Records"][0], "body": body}]}


def test_a_batch_comes_back(echo: Handler, sqs: Any) -> None:
    """Every message is returned with its correlation id: the attribute, or else the SQS message id."""
    got = echo(sqs).answer
    assert got["batchItemFailures"] == []
    assert got["messages"] == [
        {"correlation_id": "6f1e0a52-5d9d-4f55-9d33-1a0c2b7e9a10", "text": "Grüße from the queue"},
        {"correlation_id": SECOND, "text": "a second message of the same batch"},
    ]


def test_each_message_is_one_log_line(echo: Handler, sqs: Any) -> None:
    """Each message has one structured log line with correlation id, service, environment and version."""
    first, second = echo(sqs).lines("message echoed")
    assert first["correlation_id"] == "6f1e0a52-5d9d-4f55-9d33-1a0c2b7e9a10"
    assert second["correlation_id"] == SECOND
    assert (first["service"], first["environment"], first["version"]) == ("echo", "dev", "7")
    assert first["text"] == "Grüße from the queue"


def test_a_binary_attribute_is_not_a_correlation_id(echo: Handler, sqs: Any) -> None:
    """A binary attribute is not used as the correlation id."""
    binary = {"binaryValue": "Zm9v", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"}
    sqs["Records"][0]["messageAttributes"]["correlation_id"] = binary
    assert [message["correlation_id"] for message in echo(sqs).answer["messages"]] == [FIRST, SECOND]


def test_an_empty_batch_is_answered(echo: Handler) -> None:
    """An empty batch returns no messages and no failures."""
    assert echo({"Records": []}).answer == {"batchItemFailures": [], "messages": []}


def test_one_invalid_message_fails_by_itself(echo: Handler, sqs: Any) -> None:
    """An invalid message fails by itself, the other one succeeds, and both are counted."""
    sqs["Records"][0]["body"] = "not JSON"
    got = echo(sqs)
    assert got.answer["batchItemFailures"] == [{"itemIdentifier": FIRST}]
    assert [message["correlation_id"] for message in got.answer["messages"]] == [SECOND]
    assert (got.metric("MessagesEchoed"), got.metric("MessagesRefused")) == ([1.0], [1.0])
    (refused,) = got.lines("message refused")
    assert refused["message_id"] == FIRST


def test_a_batch_of_invalid_messages_raises_no_error(echo: Handler, sqs: Any) -> None:
    """A batch of invalid messages returns each as a failure and raises no error, which would redeliver all of them."""
    for record in sqs["Records"]:
        record["body"] = "[]"
    got = echo(sqs)
    assert got.error is None
    assert got.answer["batchItemFailures"] == [{"itemIdentifier": FIRST}, {"itemIdentifier": SECOND}]


def test_the_largest_message_comes_back(echo: Handler, sqs: Any) -> None:
    """A message of SQS's maximum size is returned."""
    text = "x" * (LARGEST - len('{"text":""}'))
    (message,) = echo(with_body(sqs, json.dumps({"text": text}, separators=(",", ":")))).answer["messages"]
    assert message["text"] == text


MALFORMED = ["", "null", "[]", "{}", '{"text": 1}', '{"text": ""}', '{"text": "a", "more": 1}', '{"text": "a"', "42"]
MALFORMED += ["[" * 100_000, '{"text": "half a pair: \\ud800"}', "half a pair: \ud800", "9" * 10_000]


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: ascii(body[:20]))
def test_a_malformed_body_is_refused(echo: Handler, sqs: Any, body: str) -> None:
    """A malformed body is returned as a failure and never echoed."""
    got = echo(with_body(sqs, body))
    assert got.answer == {"batchItemFailures": [{"itemIdentifier": FIRST}], "messages": []}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(UNICODE, min_size=1))
def test_any_text_comes_back_as_it_was(echo: Handler, sqs: Any, text: str) -> None:
    """Any Unicode text is returned unchanged."""
    (message,) = echo(with_body(sqs, json.dumps({"text": text}))).answer["messages"]
    assert message["text"] == text


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.text(UNICODE))
def test_no_body_breaks_the_function(echo: Handler, sqs: Any, body: str) -> None:
    """Each message is either echoed or named as a failure."""
    got = echo(with_body(sqs, body))
    assert got.error is None
    assert len(got.answer["batchItemFailures"]) + len(got.answer["messages"]) == 1
