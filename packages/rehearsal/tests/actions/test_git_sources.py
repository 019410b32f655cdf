"""Source actions: artifacts, variables, and errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.actions.conftest import Pipelines, kind, zipped
from tests.conftest import ROLE, Embedded

pytestmark = pytest.mark.slow

ARN = "arn:aws:codeconnections:eu-west-1:111111111111:connection/1"
CONNECTION = {"ConnectionArn": ARN, "FullRepositoryId": "owner/code", "BranchName": "main"}
CODECOMMIT = {"RepositoryName": "code", "BranchName": "main"}
GITHUB = {"Owner": "owner", "Repo": "code", "Branch": "main", "OAuthToken": "secret"}


def source(provider: str, owner: str = "AWS", **configuration: str) -> dict[str, Any]:
    outputs = [{"name": "Code"}]
    type_ = kind("Source", provider, owner)
    return {"name": "Source", "actionTypeId": type_, "configuration": configuration, "outputArtifacts": outputs}


def check(variable: str, value: str) -> dict[str, Any]:
    """Return a condition that fails its stage if the variable has another value."""
    configuration = {"Variable": variable, "Operator": "EQ", "Value": value}
    rule = {"name": "Check", "ruleTypeId": kind("Rule", "VariableCheck"), "configuration": configuration}
    return {"conditions": [{"result": "FAIL", "rules": [rule]}]}


def deploy(bucket: str) -> dict[str, Any]:
    return {
        "name": "Deploy",
        "actionTypeId": kind("Deploy", "S3"),
        "configuration": {"BucketName": bucket, "Extract": "true"},
        "inputArtifacts": [{"name": "Code"}],
    }


@pytest.mark.parametrize(
    ("action", "named"),
    [
        (source("CodeStarSourceConnection", **CONNECTION), {"ConnectionArn": ARN, "FullRepositoryName": "owner/code"}),
        (source("CodeCommit", **CODECOMMIT), {"RepositoryName": "code"}),
        (source("GitHub", "ThirdParty", **GITHUB), {"RepositoryName": "code"}),
    ],
    ids=["CodeConnections", "CodeCommit", "GitHub"],
)
def test_a_git_source_brings_the_newest_commit_and_its_variables(
    pipelines: Pipelines, embedded: Embedded, commits: list[str], action: dict[str, Any], named: dict[str, str]
) -> None:
    """The artifact has the commit's files without `.git`; the variables are the ones that AWS documents."""
    bucket = embedded.bucket()
    ran = pipelines.run(
        {**action, "namespace": "Source"}, deploy(bucket), beforeEntry=check("#{Source.CommitId}", commits[1])
    )
    assert (ran.status, ran.summary) == ("Succeeded", "")
    variables = ran.variables("Source")
    assert variables.items() >= {"CommitId": commits[1], "BranchName": "main", **named}.items()
    assert variables["CommitMessage"] == "number two\n\nand why"
    keys = [content["Key"] for content in embedded.client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == ["number.txt"]


def test_an_execution_can_be_started_for_an_older_commit(
    pipelines: Pipelines, embedded: Embedded, commits: list[str]
) -> None:
    """StartPipelineExecution takes a commit id in sourceRevisions; an unknown commit fails the execution."""
    bucket, api = embedded.bucket(), embedded.client("codepipeline")
    ran = pipelines.run(source("CodeCommit", **CODECOMMIT), deploy(bucket))
    assert ran.status == "Succeeded"
    name = api.list_pipelines()["pipelines"][-1]["name"]
    for wanted, status in ((commits[0], "Succeeded"), ("0" * 40, "Failed")):
        revision = {"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": wanted}
        id_ = api.start_pipeline_execution(name=name, sourceRevisions=[revision])["pipelineExecutionId"]
        assert embedded.ended(name, id_)["status"] == status
    assert embedded.client("s3").get_object(Bucket=bucket, Key="number.txt")["Body"].read() == b"one"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"BranchName": "other"}, "nothing was pushed to branch other of code yet"),
        ({"OutputArtifactFormat": "TAR"}, "got TAR; CODE_ZIP and CODEBUILD_CLONE_REF are allowed"),
    ],
)
def test_a_git_source_rejects_a_bad_configuration(
    pipelines: Pipelines, embedded: Embedded, commits: list[str], change: dict[str, str], words: str
) -> None:
    """A missing branch or an unknown artifact format fails the action; the summary says what exists or is allowed."""
    ran = pipelines.run(source("CodeCommit", **{**CODECOMMIT, **change}), deploy(embedded.bucket()))
    assert ran.status == "Failed"
    assert words in ran.summary


@pytest.mark.parametrize(
    ("action", "needs"),
    [
        (source("CodeStarSourceConnection", **CONNECTION), "codeconnections:UseConnection"),
        (source("CodeCommit", **CODECOMMIT), "codecommit:GitPull"),
    ],
    ids=["CodeConnections", "CodeCommit"],
)
def test_a_build_clones_the_repository_with_its_history(
    pipelines: Pipelines,
    embedded: Embedded,
    commits: list[str],
    action: dict[str, Any],
    needs: str,
) -> None:
    """With CODEBUILD_CLONE_REF the artifact is only a reference, and the build clones `.git` with every commit."""
    commands = ["git log --format=%s > subjects.txt", "git branch --show-current >> subjects.txt"]
    spec = {"version": "0.2", "phases": {"build": {"commands": commands}}, "artifacts": {"files": ["*.txt"]}}
    build = {
        "name": "Build",
        "actionTypeId": kind("Build", "CodeBuild"),
        "configuration": {"ProjectName": project(embedded, spec)},
        "inputArtifacts": [{"name": "Code"}],
        "outputArtifacts": [{"name": "Built"}],
    }
    action["configuration"]["OutputArtifactFormat"] = "CODEBUILD_CLONE_REF"
    ran = pipelines.run(action, build)
    assert (ran.status, ran.summary) == ("Succeeded", "")
    with pipelines.download(ran.artifact("Build")) as built:
        assert built.read("subjects.txt").decode().split("\n") == ["number two", "number one", "main", ""]
        assert built.read("number.txt") == b"two"
    with pipelines.download(ran.artifact("Source")) as code:
        (only,) = code.namelist()
        reference = json.loads(code.read(only))
    assert (reference["commit"], reference["needs"][0]) == (commits[1], needs)


def project(embedded: Embedded, spec: dict[str, Any]) -> str:
    """Create a CodeBuild project with this buildspec and return its name."""
    name = embedded.name("project")
    embedded.client("codebuild").create_project(
        name=name,
        serviceRole=ROLE,
        source={"type": "CODEPIPELINE", "buildspec": json.dumps(spec)},
        artifacts={"type": "CODEPIPELINE"},
        environment={
            "type": "LINUX_CONTAINER",
            "computeType": "BUILD_GENERAL1_SMALL",
            "image": "aws/codebuild/standard:7.0",
        },
    )
    return name


def test_an_s3_source_brings_the_object_and_its_variables(pipelines: Pipelines, embedded: Embedded) -> None:
    """Source/S3 extracts the object, and its variables include the version id."""
    action, bucket = pipelines.source({"a.txt": "hello"}), embedded.bucket()
    ran = pipelines.run(action, deploy(bucket))
    assert (ran.status, ran.summary) == ("Succeeded", "")
    variables = ran.variables("Source")
    assert variables.keys() == {"BucketName", "ETag", "ObjectKey", "VersionId"}
    assert embedded.client("s3").get_object(Bucket=bucket, Key="a.txt")["Body"].read() == b"hello"


def test_an_s3_source_can_be_started_for_another_key(pipelines: Pipelines, embedded: Embedded) -> None:
    """If AllowOverrideForS3ObjectKey is set, sourceRevisions can name another key, and a version of it."""
    action, bucket, api = pipelines.source({"a.txt": "hello"}), embedded.bucket(), embedded.client("codepipeline")
    action["configuration"]["AllowOverrideForS3ObjectKey"] = "true"
    s3, place = embedded.client("s3"), {"Bucket": action["configuration"]["S3Bucket"], "Key": "other.zip"}
    versions = [s3.put_object(**place, Body=zipped({"a.txt": text}))["VersionId"] for text in ("first", "second")]
    assert pipelines.run(action, deploy(bucket)).status == "Succeeded"
    name = api.list_pipelines()["pipelines"][-1]["name"]
    other = {"actionName": "Source", "revisionType": "S3_OBJECT_KEY", "revisionValue": "other.zip"}
    version = {"actionName": "Source", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": versions[0]}
    for revisions, text in (([other], b"second"), ([other, version], b"first")):
        id_ = api.start_pipeline_execution(name=name, sourceRevisions=revisions)["pipelineExecutionId"]
        assert embedded.ended(name, id_)["status"] == "Succeeded"
        assert s3.get_object(Bucket=bucket, Key="a.txt")["Body"].read() == text


def test_an_s3_source_needs_a_bucket_with_versions(pipelines: Pipelines, embedded: Embedded) -> None:
    """Source/S3 fails if its bucket is not versioned, as on AWS."""
    action = pipelines.source({"a.txt": "hello"})
    embedded.client("s3").put_bucket_versioning(
        Bucket=action["configuration"]["S3Bucket"], VersioningConfiguration={"Status": "Suspended"}
    )
    ran = pipelines.run(action, deploy(embedded.bucket()))
    assert (ran.status, "keeps no versions" in ran.summary) == ("Failed", True)


def test_an_s3_source_without_its_object_is_an_error(pipelines: Pipelines, embedded: Embedded) -> None:
    """Source/S3 fails with ConfigurationError if its object does not exist; the summary names the key."""
    action = pipelines.source({"a.txt": "hello"})
    action["configuration"]["S3ObjectKey"] = "other.zip"
    ran = pipelines.run(action, deploy(embedded.bucket()))
    assert (ran.status, "other.zip" in ran.summary) == ("Failed", True)
    assert ran.actions["Source"]["output"]["executionResult"]["errorDetails"]["code"] == "ConfigurationError"
