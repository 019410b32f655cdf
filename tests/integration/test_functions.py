"""Both functions answer in the deployed stage."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).parent.parent / "events"


def answer(functions: Any, function: str, event: str) -> Any:
    """What `function` returns for the event of tests/events; a function error fails the test with what it said."""
    response = functions.invoke(FunctionName=function, Payload=(EVENTS / event).read_bytes())
    payload = response["Payload"].read().decode()
    assert "FunctionError" not in response, f"{function} with {event}: {payload}"
    return json.loads(payload)


def bodies(event: str) -> list[str]:
    """The messages that an event of tests/events carries."""
    records = json.loads((EVENTS / event).read_text())["Records"]
    return [record["body"] if "body" in record else record["Sns"]["Message"] for record in records]


def test_echo_returns_the_bodies_of_the_queue(functions: Any, deployed: Mapping[str, str]) -> None:
    """Each message of an SQS event comes back, none as a failure."""
    got = answer(functions, deployed["ECHO_FUNCTION"], "sqs.json")
    assert got == {"batchItemFailures": [], "messages": bodies("sqs.json")}


def test_echo2_returns_the_messages_of_the_topic(functions: Any, deployed: Mapping[str, str]) -> None:
    """Each message of an SNS event comes back."""
    got = answer(functions, deployed["ECHO2_FUNCTION"], "sns.json")
    assert got == {"messages": bodies("sns.json")}
