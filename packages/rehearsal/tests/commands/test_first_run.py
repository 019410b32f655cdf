"""A first run, which bootstraps an account and deploys the pipeline with the CDK CLI."""

from __future__ import annotations

import copy
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from rehearsal.aws import Endpoint
from rehearsal.workspace.prepared_folders import XDG
from tests.commands.conftest import Tiny
from tests.commands.templates import ACCOUNT, REGION, TEMPLATE
from tests.commands.test_pushed_environments import SCRIPT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("cdk"), reason="the CDK CLI is not on the search path"),
]
# Creates the source's object before the pipeline, as an operator does, and an entry of the user's cache.
PREPARE = f"""\
import boto3, pathlib
pathlib.Path("cache/environments/digest").mkdir(parents=True)
s3 = boto3.client("s3")
s3.create_bucket(Bucket="sources", CreateBucketConfiguration={{"LocationConstraint": "{REGION}"}})
s3.put_bucket_versioning(Bucket="sources", VersioningConfiguration={{"Status": "Enabled"}})
s3.put_object(Bucket="sources", Key="tree.zip", Body=b"old")
"""


def action(category: str, provider: str, **more: Any) -> dict[str, Any]:
    type_ = {"Category": category, "Provider": provider, "Owner": "AWS", "Version": "1"}
    return {"Name": provider, "ActionTypeId": type_, **more}


def pipeline() -> dict[str, Any]:
    """Return the resources of a pipeline with an S3 source and an approval, with its bucket and role."""
    location = {"S3Bucket": "sources", "S3ObjectKey": "tree.zip"}
    source = action("Source", "S3", Configuration=location, OutputArtifacts=[{"Name": "Tree"}])
    stages = [
        {"Name": "Source", "Actions": [source]},
        {"Name": "Gate", "Actions": [action("Approval", "Manual")]},
    ]
    resources: dict[str, Any] = {
        name: copy.deepcopy(TEMPLATE["Resources"][name]) for name in ("Bucket", "PipelineRole", "Pipeline")
    }
    resources["Pipeline"]["Properties"]["Stages"] = stages
    resources["Pipeline"]["DependsOn"] = ["Bucket", "PipelineRole"]
    return resources


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tiny:
    """A project without executions, whose rehearsal.toml bootstraps the account and prepares the source."""
    (tmp_path / "cdk.json").write_text("{}")
    (tmp_path / "prepare.py").write_text(PREPARE)
    (tmp_path / "make_ready.py").write_text(SCRIPT)  # takes a third of the time of the CDK CLI's bootstrap
    (tmp_path / "rehearsal.toml").write_text(
        f'[[prepare]]\ncommand = "{sys.executable} prepare.py"\n[codebuild]\nprepared = ["environments"]\n'
        '[bootstrap]\ncommand = "python make_ready.py {account}/{region}"\n'
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tiny = Tiny(tmp_path, Endpoint("http://127.0.0.1:1"))
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "first"]):
        tiny.git(*command)
    monkeypatch.chdir(tmp_path)
    return tiny


def write_assembly(folder: Path, resources: dict[str, Any]) -> None:
    folder.mkdir()
    (folder / "Delivery.template.json").write_text(json.dumps({"Resources": resources}))
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": f"aws://{ACCOUNT}/{REGION}",
        "properties": {"templateFile": "Delivery.template.json"},
    }
    (folder / "manifest.json").write_text(json.dumps({"version": "36.0.0", "artifacts": {"Delivery": stack}}))


def test_an_object_that_exists_before_the_pipeline_holds_nothing_up(first: Tiny) -> None:
    """`run` stops the execution that the pipeline's creation started, and follows the working tree's.

    Builds find what the user's set-up has prepared during the deployment.
    """
    write_assembly(first.root / "out", pipeline())
    code, printed = first.call("run", "--app", "out", "--approve", "--no-iam")
    assert code == 0, printed
    newest, oldest = first.space.newest_first()
    assert (first.view(newest).status, first.view(oldest).status) == ("Succeeded", "Stopped")
    assert (first.space.caches / XDG / "environments" / "digest").is_symlink()


def test_a_deployment_that_fails_is_explained_afterwards(first: Tiny) -> None:
    """`run` and `why` print the failed resource's reason and the path of the whole log."""
    resources = pipeline()
    function = {"Code": {"S3Bucket": "sources", "S3Key": "missing.zip"}, "Handler": "main.handler"}
    properties = {**function, "Role": f"arn:aws:iam::{ACCOUNT}:role/codepipeline", "Runtime": "python3.13"}
    resources["Missing"] = {"Type": "AWS::Lambda::Function", "DependsOn": "PipelineRole", "Properties": properties}
    write_assembly(first.root / "out", resources)
    code, printed = first.call("run", "--app", "out", "--approve", "--no-iam")
    assert code == 1
    log = first.space.logs / "cdk-deploy.log"
    reason, command, path = printed.splitlines()[-3:]
    assert "S3 Error Code: NoSuchKey" in reason
    assert reason.endswith(" (Missing)")
    assert command.startswith("`cdk ")
    assert (command.endswith("` ended with 1"), path) == (True, f"the whole log: {log}")
    assert "CREATE_FAILED" in log.read_text()
    assert first.call("why") == (1, "\n".join([f"the first deployment failed: {reason}", command, path]))
    assert "`rehearse up` deploys again" in first.call("env", "pipeline")[1]
