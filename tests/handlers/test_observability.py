"""The logs of an invocation: structured lines and metrics, as Powertools' documentation recommends."""

from typing import Any

import pytest

from tests.handlers.conftest import Outcome, Start


def dimensions(outcome: Outcome, metric: str) -> dict[str, str]:
    """Return the dimensions of one metric, with their values."""
    (line,) = (line for line in outcome.logs if metric in line and "_aws" in line)
    (block,) = line["_aws"]["CloudWatchMetrics"]
    (names,) = block["Dimensions"]
    assert block["Namespace"] == "EchoService"
    return {name: line[name] for name in names}


@pytest.mark.parametrize("function", ["echo", "echo2"])
def test_a_cold_start_is_counted_once(start: Start, request: pytest.FixtureRequest, function: str) -> None:
    """Only the first invocation of an environment counts a cold start, with the function's name."""
    event = request.getfixturevalue({"echo": "sqs", "echo2": "sns"}[function])
    handler = start(function)
    first, second = handler(event), handler(event)
    assert dimensions(first, "ColdStart") == {"service": function, "function_name": "function"}
    assert second.metric("ColdStart") == []


@pytest.mark.parametrize("function", ["echo", "echo2"])
def test_echoed_messages_are_counted(request: pytest.FixtureRequest, function: str) -> None:
    """Echoed messages are counted by service and environment."""
    event = request.getfixturevalue({"echo": "sqs", "echo2": "sns"}[function])
    got = request.getfixturevalue(function)(event)
    assert got.metric("MessagesEchoed") == [float(len(event["Records"]))]
    assert dimensions(got, "MessagesEchoed") == {"environment": "dev", "service": function}


def test_a_refused_message_is_logged_with_its_reason(echo: Any, sqs: Any) -> None:
    """A rejected message is logged with its reason and correlation id."""
    sqs["Records"][0]["body"] = '{"text": 1}'
    (line,) = echo(sqs).lines("message refused")
    assert line["level"] == "WARNING"
    assert line["correlation_id"] == sqs["Records"][0]["messageAttributes"]["correlation_id"]["stringValue"]
    assert "text" in line["exception"]


def test_a_correlation_id_does_not_reach_the_next_message(echo: Any, sqs: Any) -> None:
    """An invocation does not inherit the correlation id of the previous one."""
    first, second = sqs["Records"]
    (one,) = echo({"Records": [first]}).lines("message echoed")
    (other,) = echo({"Records": [second]}).lines("message echoed")
    assert one["correlation_id"] != other["correlation_id"] == second["messageId"]
