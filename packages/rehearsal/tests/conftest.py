"""An embedded AWS for all tests of a session that need a real one; each test uses separate names."""

from __future__ import annotations

import atexit
import gc
import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from rehearsal.aws import Endpoint, root
from rehearsal.emulator.server import launcher
from rehearsal.workspace.build_area import VARIABLE
from rehearsal.workspace.layout import Workspace
from tests import debian_image
from tests.engine.conftest import Stage

ACCOUNT, REGION = "111111111111", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipeline"


# Skip the final GC pass: boto3's and CDK's objects hold many cycles.
atexit.register(gc.freeze)

# The time of an example depends on the machine.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="session", autouse=True)
def _no_cloud() -> Iterator[None]:
    """AWS settings of the user's environment never reach a test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "CDK_")) or name == "COLUMNS"]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def _builds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Builds of tests work where nothing of them stays."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(tmp_path_factory.mktemp("builds")))
        yield


@pytest.fixture(scope="session")
def image() -> str:
    """An image for builds; the test is skipped where this machine runs no containers."""
    return debian_image.image()


@pytest.fixture
def limits_of_waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the seconds after which waits of this process look again, as they come: those of a polling loop are
    short, and a wait that is woken has none.
    """
    limits: list[float] = []
    wait, sleep = threading.Condition.wait, time.sleep

    def recorded_wait(condition: threading.Condition, timeout: float | None = None) -> bool:
        if timeout:
            limits.append(timeout)
        return wait(condition, timeout)

    def recorded_sleep(seconds: float) -> None:
        limits.append(seconds)
        sleep(seconds)

    monkeypatch.setattr(threading.Condition, "wait", recorded_wait)
    monkeypatch.setattr(time, "sleep", recorded_sleep)
    return limits


def pytest_collection_finish() -> None:
    """Keep the imports' objects out of later garbage collections."""
    gc.freeze()


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

    def reached(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds."""
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, "it never came to that"
            time.sleep(0.02)

    def stack(self, name: str, resources: dict[str, Any], **outputs: Any) -> dict[str, Any]:
        """Create or update a stack, and wait; its description."""
        api = self.client("cloudformation")
        body = json.dumps(
            {"Resources": resources, "Outputs": {key: {"Value": output} for key, output in outputs.items()}}
        )
        exists = any(stack["StackName"] == name for stack in api.describe_stacks()["Stacks"])
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

    def first(self, pipeline: str) -> str:
        """The execution that the pipeline's creation has started."""
        listed = self.client("codepipeline").list_pipeline_executions(pipelineName=pipeline)
        first = listed["pipelineExecutionSummaries"][-1]
        assert first["trigger"]["triggerType"] == "CreatePipeline"
        return str(first["pipelineExecutionId"])

    def actions(self, pipeline: str, execution: str) -> dict[str, dict[str, Any]]:
        """Return the answer of list-action-executions for one execution, by action."""
        found = self.client("codepipeline").list_action_executions(
            pipelineName=pipeline, filter={"pipelineExecutionId": execution}
        )
        return {detail["actionName"]: detail for detail in found["actionExecutionDetails"]}


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """The embedded AWS, as `rehearse` starts it."""
    workspace = Workspace(tmp_path_factory.mktemp("embedded"))
    with launcher.join_or_start(workspace, iam=False) as endpoint:
        found = Embedded(endpoint, workspace)
        trust = {"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"}, "Action": "sts:AssumeRole"}
        found.client("iam").create_role(
            RoleName="pipeline", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )
        yield found


@pytest.fixture(scope="session")
def enforced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """The embedded AWS with IAM."""
    workspace = Workspace(tmp_path_factory.mktemp("enforced"))
    with launcher.join_or_start(workspace, iam=True) as endpoint:
        yield Embedded(endpoint, workspace)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """An engine with one pipeline whose actions are played."""
    stage = Stage(tmp_path)
    yield stage
    stage.close()
