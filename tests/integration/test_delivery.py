"""Messages that are sent to the queue and the topic arrive in the functions' logs."""

import json
import time
import uuid
from typing import Any

import pytest

from tests.integration.deployed import Deployed
from tests.integration.waiting import until

pytestmark = pytest.mark.sends


def line_with(deployed: Deployed, function: str, correlation_id: str, sent: str) -> dict[str, Any]:
    """Return the log line of the message with this correlation id."""
    group = deployed.output(f"{function}LogGroupName")
    since = int(time.time() - 300) * 1000

    def lines(pattern: str) -> list[str]:
        pages = deployed.logs.get_paginator("filter_log_events")  # a page may be empty and not the last
        found = pages.paginate(logGroupName=group, startTime=since, filterPattern=pattern)
        return [event["message"] for page in found for event in page["events"]]

    def look() -> dict[str, Any] | None:
        parsed = [json.loads(line) for line in lines(f'"{correlation_id}"')]
        return next((line for line in parsed if line.get("message") == "message echoed"), None)

    return until(look, sent=sent, where=f"the log {group}", seen=lambda: lines("")[-5:])


def test_a_message_through_the_queue_is_echoed(deployed: Deployed) -> None:
    """A message to the queue is logged with its correlation id and text."""
    correlation_id, text = str(uuid.uuid4()), "Grüße through the queue"
    attributes = {"correlation_id": {"DataType": "String", "StringValue": correlation_id}}
    url = deployed.output("EchoQueueUrl")
    deployed.queues.send_message(QueueUrl=url, MessageBody=json.dumps({"text": text}), MessageAttributes=attributes)
    line = line_with(deployed, "Echo", correlation_id, f"{text!r} as {correlation_id} to {url}")
    assert (line["correlation_id"], line["text"], line["service"]) == (correlation_id, text, "echo")


def test_a_message_through_the_topic_is_echoed(deployed: Deployed) -> None:
    """A message to the topic is logged with its correlation id and text."""
    correlation_id, text = str(uuid.uuid4()), "Grüße through the topic"
    attributes = {"correlation_id": {"DataType": "String", "StringValue": correlation_id}}
    arn = deployed.output("Echo2TopicArn")
    deployed.topics.publish(TopicArn=arn, Message=json.dumps({"text": text}), MessageAttributes=attributes)
    line = line_with(deployed, "Echo2", correlation_id, f"{text!r} as {correlation_id} to {arn}")
    assert (line["correlation_id"], line["text"], line["service"]) == (correlation_id, text, "echo2")
