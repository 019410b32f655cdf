"""Sources other than the project's git repository: an S3 object, an ECR image, another folder or repository."""

from __future__ import annotations

import io
import json
import subprocess
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rehearsal.aws import root
from rehearsal.deploy.first_deployment import Operator
from rehearsal.project import push_remote
from tests.commands.another import NAME, action, another, source
from tests.commands.conftest import Tiny, until
from tests.commands.templates import ACCOUNT, REGION

GATE = {"name": "Gate", "actions": [action("Ask", "Approval", "Manual")]}


@pytest.fixture
def bucket(tiny: Tiny) -> str:
    """A versioned bucket."""
    name, s3 = f"sources-{uuid.uuid4().hex}", tiny.deployed.endpoint.client("s3", root(ACCOUNT), REGION)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def read_object(tiny: Tiny, bucket: str) -> zipfile.ZipFile:
    answer = tiny.deployed.endpoint.client("s3", root(ACCOUNT), REGION).get_object(Bucket=bucket, Key="tree.zip")
    return zipfile.ZipFile(io.BytesIO(answer["Body"].read()))


def s3_source(bucket: str, name: str = "Tree", **more: str) -> dict[str, Any]:
    configuration = {"S3Bucket": bucket, "S3ObjectKey": "tree.zip", **more}
    return action(name, "Source", "S3", configuration=configuration, outputArtifacts=[{"name": name}])


def triggers(tiny: Tiny) -> list[str]:
    """Return the trigger of each execution, oldest first."""
    listed = tiny.deployed.api().list_pipeline_executions(pipelineName=NAME)["pipelineExecutionSummaries"]
    return [execution["trigger"]["triggerType"] for execution in reversed(listed)]


def test_a_run_writes_the_working_tree_to_the_only_source(tiny: Tiny, bucket: str) -> None:
    """`run` uploads the working tree as the source's zip and follows the execution that polling starts.

    `git push rehearsal` uploads the commit.
    """
    with another(tiny, {"name": "Source", "actions": [s3_source(bucket)]}, GATE):
        (tiny.root / "new.txt").write_text("uncommitted")
        code, printed = tiny.call("run", "--approve")
        assert (code, "here it is started all the same" in printed) == (0, False), printed
        with read_object(tiny, bucket) as archive:
            assert archive.read("new.txt") == b"uncommitted"
        assert triggers(tiny) == ["CreatePipeline", "PollForSourceChanges"]
        assert push_remote.add(tiny.space) is None
        tiny.git("commit", "--quiet", "--allow-empty", "--message", "any")
        printed = tiny.git("push", "rehearsal", "+HEAD:refs/heads/main")
        assert "started execution" in printed
        with read_object(tiny, bucket) as archive:
            assert "cdk.json" in archive.namelist()
            assert "new.txt" not in archive.namelist()
        assert triggers(tiny)[2:] == ["PollForSourceChanges"]
        push_remote.remove(tiny.space)


def test_the_execution_of_the_creation_does_not_hold_up_a_first_run(
    tiny: Tiny, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`run` stops the execution that the pipeline's creation started, and follows the working tree's."""
    tiny.deployed.endpoint.client("s3", root(ACCOUNT), REGION).put_object(Bucket=bucket, Key="tree.zip", Body=b"old")
    with another(tiny, {"name": "Source", "actions": [s3_source(bucket)]}, GATE):
        (first,) = tiny.deployed.api().list_pipeline_executions(pipelineName=NAME)["pipelineExecutionSummaries"]
        id_ = first["pipelineExecutionId"]
        until(lambda: tiny.view(id_).stage("Gate").status == "InProgress")
        deployed = replace(tiny.deployed, first_execution=id_)
        monkeypatch.setattr(Operator, "ensure_deployed", lambda *_, **__: deployed)
        assert tiny.call("run", "--approve")[0] == 0
        assert tiny.view(id_).status == "Stopped"
        assert triggers(tiny) == ["CreatePipeline", "PollForSourceChanges"]


def test_a_source_that_nothing_starts_is_said(tiny: Tiny, bucket: str) -> None:
    """If the source does not poll and no rule matches, a push starts nothing, and `run` starts the pipeline itself."""
    quiet = s3_source(bucket, PollForSourceChanges="false")
    with another(tiny, {"name": "Source", "actions": [quiet]}, GATE):
        code, printed = tiny.call("run", "--approve")
        assert (code, "Tree does not poll, and no rule of EventBridge has taken the upload" in printed) == (0, True)
        assert triggers(tiny) == ["CreatePipeline", "StartPipelineExecution"]
        assert push_remote.add(tiny.space) is None
        assert "main starts nothing: Tree does not poll" in tiny.git("push", "rehearsal", "+HEAD:refs/heads/main")
        push_remote.remove(tiny.space)


def test_a_missing_bucket_is_named(tiny: Tiny) -> None:
    """The error names the bucket, and says how to create it."""
    with another(tiny, {"name": "Source", "actions": [s3_source("no-such-bucket-of-tiny")]}, GATE):
        code, printed = tiny.call("run")
    assert code == 2
    assert "the source Tree reads s3://no-such-bucket-of-tiny/tree.zip, which cannot be written" in printed
    assert "[[prepare]] in rehearsal.toml" in printed


def test_a_run_names_an_image_of_ecr(tiny: Tiny) -> None:
    """The image has no layers and the configured tag, so that no Docker is needed."""
    ecr = tiny.deployed.endpoint.client("ecr", root(ACCOUNT), REGION)
    ecr.create_repository(repositoryName="of-tiny")
    configuration = {"RepositoryName": "of-tiny", "ImageTag": "v1"}
    image = action("Image", "Source", "ECR", configuration=configuration, outputArtifacts=[{"name": "Image"}])
    with another(tiny, {"name": "Source", "actions": [image]}, GATE):
        code, printed = tiny.call("run", "--approve")
        assert (code, "to of-tiny:v1" in printed) == (0, True), printed
    (described,) = ecr.describe_images(repositoryName="of-tiny")["imageDetails"]
    assert described["imageTags"] == ["v1"]
    found = ecr.batch_get_image(repositoryName="of-tiny", imageIds=[{"imageTag": "v1"}])["images"]
    assert json.loads(found[0]["imageManifest"])["layers"] == []


@pytest.fixture
def infra(tmp_path: Path) -> Path:
    """Another repository, with a folder in it."""
    folder = tmp_path / "infra"
    (folder / "part").mkdir(parents=True)
    (folder / "part" / "inner.txt").write_text("inner")
    (folder / "outer.txt").write_text("outer")
    for command in (["init", "-qb", "main"], ["add", "."], ["commit", "-qm", "infra"]):
        git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost", *command]
        subprocess.run(git, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def several(tiny: Tiny, bucket: str, infra: Path) -> Iterator[Tiny]:
    """A pipeline with three sources: the project, another repository, and a folder of that repository in S3."""
    other = {**source(), "name": "Infra", "outputArtifacts": [{"name": "Infra"}]}
    toml = f'[sources."Infra"]\npath = "{infra}"\n[sources."Tree"]\npath = "{infra / "part"}"\n'
    (tiny.root / "rehearsal.toml").write_text(toml)
    with another(tiny, {"name": "Source", "actions": [source(), other, s3_source(bucket)]}, GATE):
        yield tiny


def revisions(tiny: Tiny) -> dict[str, str]:
    """Return the revision of each source of the latest execution."""
    newest = tiny.deployed.api().list_pipeline_executions(pipelineName=NAME)["pipelineExecutionSummaries"][0]
    until(lambda: tiny.view(newest["pipelineExecutionId"]).stage("Source").status not in ("", "InProgress"))
    listed = tiny.deployed.api().list_pipeline_executions(pipelineName=NAME)["pipelineExecutionSummaries"][0]
    return {revision["actionName"]: revision["revisionId"] for revision in listed["sourceRevisions"]}


def test_each_source_reads_its_folder_or_repository(several: Tiny, bucket: str, infra: Path) -> None:
    """`run` pushes each source's path of rehearsal.toml; a push in the other repository starts the pipeline."""
    code, printed = several.call("run", "--approve")
    assert (code, f"of {infra}" in printed) == (0, True), printed
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=infra, check=True, capture_output=True, text=True).stdout
    assert revisions(several)["Infra"] == head.strip()
    assert revisions(several)["Repo"] != head.strip()
    with read_object(several, bucket) as archive:
        assert archive.namelist() == ["inner.txt"]
    repositories = {"Infra": infra}
    assert push_remote.add(several.space, repositories) is None
    commit = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost", "commit", "-q", "--allow-empty", "-m", "any"]
    subprocess.run(commit, cwd=infra, check=True)
    push = ["git", "push", "rehearsal", "+HEAD:refs/heads/main"]
    done = subprocess.run(push, cwd=infra, check=True, capture_output=True, text=True)
    assert "started execution" in done.stderr
    push_remote.remove(several.space, repositories)
    assert "rehearsal" not in (infra / ".git" / "config").read_text()


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('[sources."Lost"]\npath = "."\n', "sources.Lost: the pipeline has no such source; it has Tree"),
        ('[sources."Tree"]\npath = "gone"\n', "sources.Tree: path: there is no folder gone"),
        ('[sources."Tree"]\n', "path"),
    ],
)
def test_a_wrong_source_is_refused(tiny: Tiny, bucket: str, toml: str, words: str) -> None:
    """An unknown source, a missing folder and a source without a path are refused."""
    (tiny.root / "rehearsal.toml").write_text(toml)
    with another(tiny, {"name": "Source", "actions": [s3_source(bucket)]}, GATE):
        code, printed = tiny.call("run")
    assert (code, words in printed) == (2, True), printed
