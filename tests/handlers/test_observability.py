"""The logs of a call: structured lines and metrics, as Powertools' documentation recommends."""

from typing import Any

import pytest

from tests.handlers.conftest import Outcome, Start


def dimensions(outcome: Outcome, metric: str) -> dict[str, str]:
    """The dimensions of one metric, with their values."""
    (line,) = (line for line in outcome.logs if metric in line and "_aws" in line)
    (block,) = line["_aws"]["CloudWatchMetrics"]
    (names,) = block["Dimensions"]
    assert block["Namespace"] == "EchoService"
    return {name: line[name] for name in names}


@pytest.mark.parametrize("function", ["echo", "echo2"])
def test_a_cold_start_is_counted_once(start: Start, request: pytest.FixtureRequest, function: str) -> None:
    """By the first call of an environment, with the function's name."""
    event = request.getfixturevalue({"echo": "sqs", "echo2": "sns"}[function])
    handler = start(function)
    first, second = handler(event), handler(event)
    assert dimensions(first, "ColdStart") == {"service": function, "function_name": "function"}
    assert second.metric("ColdStart") == []


@pytest.mark.parametrize("function", ["echo", "echo2"])
def test_what_was_echoed_is_counted(request: pytest.FixtureRequest, function: str) -> None:
    """By service and environment."""
    event = request.getfixturevalue({"echo": "sqs", "echo2": "sns"}[function])
    got = request.getfixturevalue(function)(event)
    assert got.metric("MessagesEchoed") == [float(len(event["Records"]))]
    assert dimensions(got, "MessagesEchoed") == {"environment": "dev", "service": function}


def test_a_refused_message_is_logged_with_its_reason(echo: Any, sqs: Any) -> None:
    """And never with more of its text than the error says."""
    sqs["Records"][0]["body"] = '{"text": 1}'
    (line,) = echo(sqs).lines("message refused")
    assert line["level"] == "WARNING"
    assert line["correlation_id"] == sqs["Records"][0]["messageAttributes"]["correlation_id"]["stringValue"]
    assert "text" in line["exception"]


def test_one_message_does_not_leave_its_id_to_the_next(echo: Any, sqs: Any) -> None:
    """A call starts without what the one before it has left in the logger."""
    first, second = sqs["Records"]
    (one,) = echo({"Records": [first]}).lines("message echoed")
    (other,) = echo({"Records": [second]}).lines("message echoed")
    assert one["correlation_id"] != other["correlation_id"] == second["messageId"]
