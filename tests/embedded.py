"""An account of the embedded AWS, for tests that deploy parts of this project's templates to it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.aws import Endpoint, root
from rehearsal.emulator.server import launcher
from rehearsal.workspace.layout import Workspace

ACCOUNT, REGION = "111111111111", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipeline"
WAIT_SECONDS = 60


@dataclass(frozen=True)
class Embedded:
    """Clients of the account, and operations that take several calls."""

    endpoint: Endpoint

    def client(self, service: str) -> Any:
        return self.endpoint.client(service, root(ACCOUNT), REGION)

    def name(self, kind: str) -> str:
        return f"{kind}-{uuid.uuid4().hex[:8]}"

    def bucket(self) -> str:
        """Create a versioned bucket."""
        name, s3 = self.name("bucket"), self.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def queue(self) -> tuple[str, str]:
        """Create a queue; return its URL and ARN."""
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=self.name("queue"))["QueueUrl"]
        return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def next_message(self, url: str) -> Any:
        """Return the body of the one message that a queue has or will get."""
        sqs, deadline = self.client("sqs"), time.monotonic() + WAIT_SECONDS
        while not (found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])):
            assert time.monotonic() < deadline, "no message came"
        (message,) = found
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return json.loads(message["Body"])

    def create_stack(self, name: str, resources: dict[str, Any]) -> None:
        """Create a stack. A failure raises the waiter's error."""
        api = self.client("cloudformation")
        api.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
        wait = {"Delay": 0.1, "MaxAttempts": WAIT_SECONDS * 10}
        api.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=wait)

    def final_status(self, pipeline: str, execution: str) -> str:
        """Return the status of an execution once it has ended."""
        api, deadline = self.client("codepipeline"), time.monotonic() + WAIT_SECONDS
        while True:
            found = api.get_pipeline_execution(pipelineName=pipeline, pipelineExecutionId=execution)
            status = str(found["pipelineExecution"]["status"])
            if status not in ("InProgress", "Stopping"):
                return status
            assert time.monotonic() < deadline, found
            time.sleep(0.05)


@contextmanager
def embedded_aws(folder: Path) -> Iterator[Embedded]:
    """Run the embedded AWS without IAM, with its state in `folder`, and a role that CodePipeline may assume."""
    with launcher.join_or_start(Workspace(folder), iam=False) as endpoint:
        embedded = Embedded(endpoint)
        trust = {"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"}, "Action": "sts:AssumeRole"}
        embedded.client("iam").create_role(
            RoleName=ROLE.rpartition("/")[2],
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        yield embedded
