"""A queue that receives the deployed pipeline's notices, as subscribers do."""

from __future__ import annotations

import json
import time
import uuid

from tests.e2e.deployed.conftest import Deployed

SECONDS = 60


class Heard:
    """A new queue that is subscribed to the pipeline's topic. notices: the received notices."""

    def __init__(self, project: Deployed) -> None:
        self.notices: list[str] = []
        self._sqs, sns = project.client("sqs", "pipeline"), project.client("sns", "pipeline")
        (topic,) = [topic["TopicArn"] for topic in sns.list_topics()["Topics"] if "NoticesTopic" in topic["TopicArn"]]
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

    def notice(self, start: str, part: str = "") -> str:
        """Wait for the only notice that begins with `start` and contains `part`; an approval's is JSON."""
        deadline = time.monotonic() + SECONDS
        while not (found := [notice for notice in self.notices if notice.startswith(start) and part in notice]):
            assert time.monotonic() < deadline, f"no notice is '{start}' with '{part}': {self.notices}"
            self._receive()
        assert len(found) == 1, f"{len(found)} notices are '{start}' with '{part}': {found}"
        return found[0]

    def _receive(self) -> None:
        received = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in received.get("Messages", []):
            self.notices.append(str(json.loads(message["Body"])["Message"]))
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
