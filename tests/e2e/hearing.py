"""A queue that hears the notices of the deployed pipeline, as people do."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from tests.e2e.conftest import Project

SECONDS = 60


class Heard:
    """Subscribes a new queue to the pipeline's topic; `notices` are what has come since."""

    def __init__(self, project: Project) -> None:
        self._sqs, sns = project.client("sqs", "pipeline"), project.client("sns", "pipeline")
        (topic,) = [each["TopicArn"] for each in sns.list_topics()["Topics"] if "NoticesTopic" in each["TopicArn"]]
        self._url = self._sqs.create_queue(QueueName=f"heard-{uuid.uuid4().hex[:8]}")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": attributes["QueueArn"],
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy})
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["QueueArn"])

    def notices(self, number: int) -> list[str]:
        """So many notices, in the order in which they were sent; an approval's is JSON."""
        messages: list[dict[str, Any]] = []
        deadline = time.monotonic() + SECONDS
        while len(messages) < number:
            assert time.monotonic() < deadline, f"only this was heard: {messages}"
            received = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in received.get("Messages", []):
                messages.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return [str(each["Message"]) for each in sorted(messages, key=lambda each: str(each["Timestamp"]))]
