"""The function echo2: messages of a topic."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.handlers.conftest import UNICODE, Handler

LARGEST = 256 * 1024  # bytes of an SNS message


def with_message(event: Any, message: str) -> Any:
    """Return the event with this message."""
    record = event["Records"][0]
    return {"Records": [{**record, "Sns": {**record["Sns"], "Message": message}}]}


def test_a_message_comes_back(echo2: Handler, sns: Any) -> None:
    """A message is returned with its sender's correlation id."""
    correlation_id = "0a4d1a8e-6c1b-4a42-9d3b-3f1fb8f4a9c1"
    got = echo2(sns)
    assert got.answer == {"messages": [{"correlation_id": correlation_id, "text": "Grüße from the topic"}]}
    (line,) = got.lines("message echoed")
    assert (line["service"], line["correlation_id"]) == ("echo2", correlation_id)


def test_a_message_without_an_attribute_goes_by_its_id(echo2: Handler, sns: Any) -> None:
    """A message without the attribute has its SNS message id as the correlation id."""
    sns["Records"][0]["Sns"]["MessageAttributes"] = {}
    (message,) = echo2(sns).answer["messages"]
    assert message["correlation_id"] == sns["Records"][0]["Sns"]["MessageId"]


def test_several_records_come_back_in_order(echo2: Handler, sns: Any) -> None:
    """Several records, which the event's format allows, are returned in order."""
    event = {"Records": [*with_message(sns, '{"text": "one"}')["Records"], *sns["Records"]]}
    got = echo2(event)
    assert [message["text"] for message in got.answer["messages"]] == ["one", "Grüße from the topic"]
    assert got.metric("MessagesEchoed") == [2.0]


def test_the_largest_message_comes_back(echo2: Handler, sns: Any) -> None:
    """A message of SNS's maximum size is returned."""
    text = "x" * (LARGEST - len('{"text":""}'))
    (message,) = echo2(with_message(sns, json.dumps({"text": text}, separators=(",", ":")))).answer["messages"]
    assert message["text"] == text


MALFORMED = ["", "poison", "null", "[]", "{}", '{"text": 1}', '{"text": ""}', '{"a": "b"}', "[" * 100_000]
MALFORMED += ['{"text": "a", "more": 1}', '{"text": "half a pair: \\ud800"}', '{"text": "a", "text": 1}', "9" * 10_000]


@pytest.mark.parametrize("message", MALFORMED, ids=lambda message: message[:20] or "nothing")
def test_a_malformed_message_is_an_error(echo2: Handler, sns: Any, message: str) -> None:
    """A malformed message raises an error, so that Lambda retries it and then sends it to the dead-letter queue."""
    got = echo2(with_message(sns, message))
    assert got.error
    assert got.error.startswith("InvalidMessageError")
    assert got.lines("message echoed") == []
    (line,) = got.lines("message refused")
    assert line["correlation_id"] == sns["Records"][0]["Sns"]["MessageAttributes"]["correlation_id"]["Value"]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(UNICODE, min_size=1))
def test_any_text_comes_back_as_it_was(echo2: Handler, sns: Any, text: str) -> None:
    """Any Unicode text is returned unchanged."""
    (message,) = echo2(with_message(sns, json.dumps({"text": text}))).answer["messages"]
    assert message["text"] == text


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=st.text(UNICODE))
def test_no_message_breaks_the_function(echo2: Handler, sns: Any, message: str) -> None:
    """Each message is either echoed or rejected with an InvalidMessageError."""
    got = echo2(with_message(sns, message))
    assert got.error is None or got.error.startswith("InvalidMessageError")
