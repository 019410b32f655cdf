"""The console in front of the embedded AWS with IAM: the same pages through the same APIs."""

from __future__ import annotations

import http.client
import json
import re
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from rehearsal.aws import Endpoint, root

from pipeline_console.pages.site import Options, Site
from pipeline_console.reads.client import Aws
from pipeline_console.reads.pipeline import choose
from pipeline_console.security import Keys
from tests.conftest import Console, free_port
from tests.embedded_aws import action, create_role, create_source, embedded_aws
from tests.fake_aws import eventually

ACCOUNT, REGION, BUCKET = "111111111111", "eu-west-1", "artifacts-of-tiny"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An embedded AWS with a pipeline that waits for an approval."""
    with embedded_aws(tmp_path_factory.mktemp("rehearsed")) as running:
        deploy(running)
        yield running


def deploy(endpoint: Endpoint) -> None:
    """Create the role, the source and the pipeline."""
    create_source(client(endpoint, "s3"), BUCKET, REGION, "tiny")
    create_role(client(endpoint, "iam"), "tiny", {"Service": "codepipeline.amazonaws.com"}, "s3:*")
    client(endpoint, "codepipeline").create_pipeline(pipeline=definition())


def client(endpoint: Endpoint, service: str) -> Any:
    """Return a client of the account's root."""
    return endpoint.client(service, root(ACCOUNT), REGION)


def definition() -> dict[str, Any]:
    """Return a pipeline with a source and an approval."""
    source = action("Source", "S3", "Repo", S3Bucket=BUCKET, S3ObjectKey="source.zip", PollForSourceChanges="false")
    source["outputArtifacts"] = [{"name": "Code"}]
    approval = action("Approval", "Manual", "Approve", CustomData="release it?")
    return {
        "name": "tiny",
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/tiny",
        "artifactStore": {"type": "S3", "location": BUCKET},
        "stages": [{"name": "Source", "actions": [source]}, {"name": "Gate", "actions": [approval]}],
        "pipelineType": "V2",
        "executionMode": "QUEUED",
    }


@pytest.fixture
def rehearsed(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    """A console of that pipeline, with the variables of `rehearse console`."""
    for name, value in endpoint.environ(root(ACCOUNT), REGION).items():
        monkeypatch.setenv(name, value)
    aws = Aws(None, REGION)
    port = free_port()
    console = Console(Site(aws, choose(aws, None), Keys(port), Options(approve=True, rehearsed=True)), port)
    console.start()
    yield console
    console.stop()


def test_a_rehearsed_pipeline_is_shown_and_approved(rehearsed: Console) -> None:
    """A waiting approval is shown and approved, and the execution succeeds in the history."""
    eventually(lambda: "/approvals/Gate/Approve" in rehearsed.get("/").text, seconds=30)
    page = rehearsed.get("/approvals/Gate/Approve").text
    assert "release it?" in page
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    answer = rehearsed.post("/approvals/Gate/Approve", **fields, decision="Approved", comment="yes")
    assert answer.status == 303

    def statuses() -> list[str]:
        found = json.loads(rehearsed.get("/executions.json").text)["executions"]
        return [execution["status"] for execution in found]

    eventually(lambda: statuses() == ["Succeeded"], seconds=30)


def test_decisions_of_policies_are_read_with_a_signature(rehearsed: Console, endpoint: Endpoint) -> None:
    """The console reads the decisions with a signed request; an unsigned one is denied."""
    eventually(lambda: "s3:GetObject" in rehearsed.get("/permissions").text, seconds=30)
    assert "tiny" in rehearsed.get("/permissions").text
    context = ssl.create_default_context(cafile=str(endpoint.ca))
    port = int(endpoint.url.rpartition(":")[2])
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=10)
    connection.request("GET", "/_rehearsal/decisions")
    answer = connection.getresponse()
    refused = json.loads(answer.read())
    connection.close()
    assert (answer.status, "decisions" in refused) == (400, False)
