"""The SDK for JavaScript that functions of Node find in Lambda's runtime is installed once, as far as they name it."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import Mock

import pytest

from rehearsal.deploy.node_sdk import ensure_node_sdk, packages, uses_version_2
from rehearsal.host.processes import CommandFailed
from rehearsal.project import cloud_assembly
from rehearsal.project.cloud_assembly import Assembly
from rehearsal.workspace.layout import Workspace

CODE = 'const {S3Client} = require("@aws-sdk/client-s3"); const x = require("@aws-sdk/lib-dynamodb");'


def assembly(folder: Path) -> Assembly:
    """A pipeline, an asset of a function of Node, and a custom resource that calls services."""
    calls = {"Create": '{"service":"CloudWatchLogs","action":"x"}', "Delete": {"Fn::Join": ["", ['{"service":"STS"']]}}
    resources = {
        "Pipeline": {"Type": "AWS::CodePipeline::Pipeline", "Properties": {"Stages": []}},
        "Call": {"Type": "Custom::AWS", "Properties": calls},
    }
    (folder / "asset.1" / "node_modules" / "other").mkdir(parents=True)
    (folder / "asset.1" / "index.js").write_text(CODE)
    (folder / "asset.1" / "node_modules" / "other" / "index.js").write_text('require("@aws-sdk/client-not-named")')
    (folder / "top.template.json").write_text(json.dumps({"Resources": resources}))
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://111111111111/eu-west-1",
        "properties": {"templateFile": "top.template.json"},
    }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": {"Top": stack}}))
    return cloud_assembly.read(folder)


def test_packages_are_those_that_code_and_custom_resources_name(tmp_path: Path) -> None:
    """Not what a function brings along itself; services by their names of version 2."""
    names = {"client-s3", "lib-dynamodb", "client-cloudwatch-logs", "client-sts"}
    assert packages(assembly(tmp_path)) == {f"@aws-sdk/{name}" for name in names}


@pytest.mark.parametrize(
    ("runtime", "code", "needed"),
    [
        ("nodejs14.x", "const AWS = require('aws-sdk');", True),
        ("nodejs16.x", 'var x = require("aws-sdk/clients/s3")', True),
        ("nodejs16.x", "import { S3 } from 'aws-sdk';", True),
        ("nodejs18.x", "const AWS = require('aws-sdk');", False),
        ("nodejs14.x", 'require("aws-sdk-mock"); require("@aws-sdk/client-s3")', False),
    ],
)
def test_version_2_is_installed_for_runtimes_that_have_it(
    tmp_path: Path, runtime: str, code: str, needed: bool
) -> None:
    """Where code in an asset or in the template names it, and a function's runtime is nodejs16.x or older."""
    cloud = assembly(tmp_path)
    resources = {"F": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": runtime}}}
    cloud.stacks[0].template.write_text(json.dumps({"Resources": resources}))
    assert not uses_version_2(cloud)
    (tmp_path / "asset.1" / "other.js").write_text(code)
    assert uses_version_2(cloud) is needed
    (tmp_path / "asset.1" / "other.js").unlink()
    resources["F"]["Properties"] = {"Runtime": runtime, "Code": {"ZipFile": code}}
    cloud.stacks[0].template.write_text(json.dumps({"Resources": resources}))
    assert uses_version_2(cloud) is needed


def test_what_is_here_is_not_installed_again_and_no_registry_is_no_end(tmp_path: Path) -> None:
    """One command of npm for what is missing; where it fails, the run goes on and says what is missing."""
    space, cdk, said = Workspace(tmp_path / "project"), Mock(), list[str]()
    cloud = assembly(tmp_path / "out")
    for name in ("client-s3", "client-sts"):
        (space.node_sdk / "node_modules" / "@aws-sdk" / name).mkdir(parents=True)
    cdk.run.side_effect = CommandFailed("`npm install` ended with 1\nits log")
    ensure_node_sdk(space, cloud, cdk, said.append)
    (_, words, *_), _ = cdk.run.call_args
    assert words[-2:] == ["@aws-sdk/client-cloudwatch-logs@3", "@aws-sdk/lib-dynamodb@3"]
    missing = "@aws-sdk/client-cloudwatch-logs, @aws-sdk/lib-dynamodb"
    assert said[-1] == f"functions of Node go without {missing}: `npm install` ended with 1"
    for name in ("client-cloudwatch-logs", "lib-dynamodb"):
        (space.node_sdk / "node_modules" / "@aws-sdk" / name).mkdir(parents=True)
    cdk.run.reset_mock()
    ensure_node_sdk(space, cloud, cdk, said.append)
    cdk.run.assert_not_called()
