"""An embedded AWS for tests that deploy parts of this project's templates to it."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.aws import Endpoint, root
from rehearsal.emulator.server import launcher
from rehearsal.workspace.layout import Workspace

ACCOUNT, REGION = "111111111111", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipeline"


@dataclass(frozen=True)
class Embedded:
    """One account of the embedded AWS, with a role that CodePipeline may assume."""

    endpoint: Endpoint
    workspace: Workspace

    def client(self, service: str, region: str = REGION) -> Any:
        return self.endpoint.client(service, root(ACCOUNT), region)

    def name(self, kind: str) -> str:
        return f"{kind}-{uuid.uuid4().hex[:8]}"

    def bucket(self, region: str = REGION) -> str:
        """A new bucket that keeps versions."""
        name, s3 = self.name("bucket"), self.client("s3", region)
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def queue(self) -> tuple[str, str]:
        """A new queue's URL and ARN."""
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=self.name("queue"))["QueueUrl"]
        return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def received(self, url: str, wanted: Callable[[list[Any]], bool]) -> list[Any]:
        """The bodies of a queue's messages, once they are `wanted`."""
        sqs, bodies = self.client("sqs"), list[Any]()
        deadline = time.monotonic() + 20
        while not wanted(bodies):
            assert time.monotonic() < deadline, f"only this came: {bodies}"
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
                bodies.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def stack(self, name: str, resources: dict[str, Any], **outputs: Any) -> dict[str, Any]:
        """Create or update a stack, and wait; its description."""
        api = self.client("cloudformation")
        body = json.dumps({"Resources": resources, "Outputs": {key: {"Value": each} for key, each in outputs.items()}})
        exists = any(each["StackName"] == name for each in api.describe_stacks()["Stacks"])
        (api.update_stack if exists else api.create_stack)(StackName=name, TemplateBody=body)
        return self.settled(name)

    def settled(self, name: str) -> dict[str, Any]:
        api = self.client("cloudformation")
        while True:
            (stack,) = api.describe_stacks(StackName=name)["Stacks"]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return dict(stack)
            time.sleep(0.05)

    def ended(self, pipeline: str, execution: str) -> dict[str, Any]:
        """The execution, once it has ended."""
        api = self.client("codepipeline")
        deadline = time.monotonic() + 60
        while True:
            found = api.get_pipeline_execution(pipelineName=pipeline, pipelineExecutionId=execution)
            if found["pipelineExecution"]["status"] not in ("InProgress", "Stopping"):
                return dict(found["pipelineExecution"])
            assert time.monotonic() < deadline, found
            time.sleep(0.05)


def zipped(files: dict[str, str]) -> bytes:
    """A zip with these texts."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return data.getvalue()


@contextmanager
def embedded_aws(folder: Path) -> Iterator[Embedded]:
    """The embedded AWS, as `rehearse --no-iam` starts it, with its state in `folder`."""
    workspace = Workspace(folder)
    with launcher.join_or_start(workspace, iam=False) as endpoint:
        found = Embedded(endpoint, workspace)
        trust = {"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"}, "Action": "sts:AssumeRole"}
        found.client("iam").create_role(
            RoleName="pipeline", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )
        yield found
