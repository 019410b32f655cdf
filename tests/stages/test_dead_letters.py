"""A message that always fails reaches the dead-letter queue, in a stack with short timeouts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, DefaultStackSynthesizer

from lambda_layers.manifest import MANIFEST_PATH
from rehearsal.aws import Endpoint, root
from rehearsal.emulator.server import launcher
from rehearsal.workspace.layout import Workspace
from stages.echo_stack import Release
from stages.service_options import ServiceOptions
from tests.integration.waiting import until
from tests.root import ROOT
from tests.stages.conftest import ACCOUNT, BUILD_ROLE, REGION, echo_stack

# The shortest timeout: five attempts take five visibility timeouts of six seconds each.
SHORT = ServiceOptions(timeout_seconds=1)
ASSETS = "assets"

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Service:
    """The deployed stack: its outputs, and clients for its account."""

    endpoint: Endpoint
    outputs: dict[str, str]

    def client(self, name: str) -> Any:
        return self.endpoint.client(name, root(ACCOUNT), REGION)

    def send(self, body: str) -> None:
        self.client("sqs").send_message(QueueUrl=self.outputs["EchoQueueUrl"], MessageBody=body)

    def echoed(self) -> list[str]:
        """Return the texts in the log of echo."""
        pages = self.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=self.outputs["EchoLogGroupName"])
        messages = [event["message"] for page in found for event in page["events"]]
        lines = [json.loads(message) for message in messages if message.startswith("{")]
        return [line["text"] for line in lines if line.get("message") == "message echoed"]

    def dead_letters(self) -> str:
        """Return the URL of the queue in the redrive policy of echo's queue."""
        sqs = self.client("sqs")
        found = sqs.get_queue_attributes(QueueUrl=self.outputs["EchoQueueUrl"], AttributeNames=["RedrivePolicy"])
        arn = json.loads(found["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"]
        url: str = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        return url


def synthesize(out: Path) -> None:
    """Synthesize the service's stack by itself, with the built layers."""
    if not (ROOT / MANIFEST_PATH).exists():
        pytest.fail(f"{MANIFEST_PATH} is missing; run `make layers`")
    synthesizer = DefaultStackSynthesizer(file_assets_bucket_name=ASSETS, generate_bootstrap_version_rule=False)
    app = App(outdir=str(out), analytics_reporting=False, default_stack_synthesizer=synthesizer)
    echo_stack(app, Release(layers=ROOT / MANIFEST_PATH, revision="0123abc"), SHORT)
    app.synth()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The stack, deployed to the embedded AWS."""
    folder = tmp_path_factory.mktemp("service")
    synthesize(folder / "cdk.out")
    with launcher.join_or_start(Workspace(folder)) as endpoint:
        make_build_role(endpoint)
        upload_assets(endpoint, folder / "cdk.out")
        formation = endpoint.client("cloudformation", root(ACCOUNT), REGION)
        template = (folder / "cdk.out" / "Echo.template.json").read_text()
        formation.create_stack(StackName="Echo", TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
        formation.get_waiter("stack_create_complete").wait(StackName="Echo", WaiterConfig={"Delay": 1})
        (stack,) = formation.describe_stacks(StackName="Echo")["Stacks"]
        yield Service(endpoint, {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]})


def upload_assets(endpoint: Endpoint, out: Path) -> None:
    """Upload the zips of functions and layers to the bucket that the template names."""
    s3 = endpoint.client("s3", root(ACCOUNT), REGION)
    s3.create_bucket(Bucket=ASSETS, CreateBucketConfiguration={"LocationConstraint": REGION})
    for asset in json.loads((out / "Echo.assets.json").read_text())["files"].values():
        (destination,) = asset["destinations"].values()
        content = (out / asset["source"]["path"]).read_bytes()
        s3.put_object(Bucket=ASSETS, Key=destination["objectKey"], Body=content)


def make_build_role(endpoint: Endpoint) -> None:
    """Create the build role, since the trust policy of the tests' role needs an existing principal."""
    account, name = BUILD_ROLE.split(":")[4], BUILD_ROLE.rpartition("/")[2]
    allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "codebuild.amazonaws.com"}}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    endpoint.client("iam", root(account), REGION).create_role(RoleName=name, AssumeRolePolicyDocument=trust)


def received(sqs: Any, url: str) -> dict[str, Any] | None:
    """Return one message of a queue, or None."""
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, AttributeNames=["All"])
    message: dict[str, Any] | None = next(iter(found.get("Messages", ())), None)
    return message


def all_of(texts: set[str], look: Callable[[], list[str]]) -> list[str] | None:
    """Return the result of `look` once it has all of `texts`."""
    seen = look()
    return seen if texts <= set(seen) else None


def test_a_poisoned_message_ends_among_the_dead_letters(service: Service) -> None:
    """An invalid message is a dead letter after five attempts; other messages are processed immediately and once."""
    sqs, neighbours = service.client("sqs"), {"before", "after"}
    for body in ('{"text": "before"}', "poison", '{"text": "after"}'):
        service.send(body)
    look = partial(all_of, neighbours, service.echoed)
    until(look, sent=str(neighbours), where="the log of echo", seen=service.echoed)
    url = service.dead_letters()
    dead = until(partial(received, sqs, url), sent="poison", where=url, seen=service.echoed)
    assert dead["Body"] == "poison"
    assert sorted(service.echoed()) == sorted(neighbours)
