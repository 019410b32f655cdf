"""The console in front of the embedded AWS of a rehearsal, with IAM on: the same pages by the same APIs."""

from __future__ import annotations

import http.client
import io
import json
import re
import ssl
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from rehearsal.aws import Endpoint, root
from rehearsal.emulator.server import launcher
from rehearsal.workspace.layout import Workspace

from pipeline_console.pages.site import Options, Site
from pipeline_console.reads.client import Aws
from pipeline_console.reads.pipeline import choose
from pipeline_console.security import Keys
from tests.conftest import Console, free_port
from tests.fake_aws import eventually

ACCOUNT, REGION, BUCKET = "111111111111", "eu-west-1", "artifacts-of-tiny"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An embedded AWS with a pipeline that waits for an approval."""
    folder = tmp_path_factory.mktemp("rehearsed")
    (folder / "cdk.json").write_text("{}")
    space = Workspace(folder)
    space.make()
    with launcher.join_or_start(space) as running:
        deploy(running)
        yield running


def deploy(endpoint: Endpoint) -> None:
    """Create the role, the source and the pipeline."""
    s3, iam = client(endpoint, "s3"), client(endpoint, "iam")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    source = io.BytesIO()
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("changes.md", "# tiny: what would change\n\n### Broadens\n\n- everything\n")
    s3.put_object(Bucket=BUCKET, Key="source.zip", Body=source.getvalue())
    trust = {"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(
        RoleName="tiny", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="tiny", PolicyName="s3", PolicyDocument=policy)
    client(endpoint, "codepipeline").create_pipeline(pipeline=definition())


def client(endpoint: Endpoint, service: str) -> Any:
    """A client of the account's root."""
    return endpoint.client(service, root(ACCOUNT), REGION)


def definition() -> dict[str, Any]:
    """A source, then an approval."""
    source = {
        "name": "Repo",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
        "configuration": {"S3Bucket": BUCKET, "S3ObjectKey": "source.zip", "PollForSourceChanges": "false"},
        "outputArtifacts": [{"name": "Code"}],
    }
    approval = {
        "name": "Approve",
        "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"},
        "configuration": {"CustomData": "release it?"},
    }
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
    """A console of that pipeline, with the variables that `rehearse console` gives it."""
    for name, value in endpoint.environ(root(ACCOUNT), REGION).items():
        monkeypatch.setenv(name, value)
    aws = Aws(None, REGION)
    port = free_port()
    console = Console(Site(aws, choose(aws, None), Keys(port), Options(approve=True, rehearsed=True)), port)
    console.start()
    yield console
    console.stop()


def test_a_rehearsed_pipeline_is_shown_and_approved(rehearsed: Console) -> None:
    """From its waiting approval to its success, in the history and in the events as well."""
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
    """The role of the pipeline has used its policy; without a signature the embedded AWS answers nothing."""
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
