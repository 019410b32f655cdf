"""StartBuild: builds without a pipeline that succeed, fail, are stopped or refused."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rehearsal.emulator.functions.mounts import mount_error
from rehearsal.project.git_repository import git, init_bare_repository
from tests.codebuild.case import spec
from tests.codebuild.conftest import ACCOUNT, Account

Json = dict[str, Any]
NO_SOURCE: Json = {"Artifacts": {"Type": "NO_ARTIFACTS"}}


def project(account: Account, buildspec: str, source: Json | None = None, **properties: Any) -> str:
    """Create a project that is in no pipeline and return its name."""
    account.role()
    given = {"Type": "NO_SOURCE", **(source or {})}
    return account.project(buildspec, Source={**given, "BuildSpec": buildspec}, **{**NO_SOURCE, **properties})


def until(account: Account, id_: str, wanted: Callable[[Json], bool]) -> Json:
    """Return the build from BatchGetBuilds as soon as it is `wanted`."""
    deadline = time.monotonic() + 30
    while True:
        (build,) = account.client("codebuild").batch_get_builds(ids=[id_])["builds"]
        if wanted(build):
            return dict(build)
        assert time.monotonic() < deadline, build
        time.sleep(0.02)


def built(account: Account, name: str, **request: Any) -> Json:
    """Return a build that has ended."""
    started = account.client("codebuild").start_build(projectName=name, **request)["build"]
    assert (started["buildStatus"], started["projectName"]) == ("IN_PROGRESS", name)
    return until(account, started["id"], lambda build: bool(build["buildComplete"]))


def lines(account: Account, build: Json) -> list[str]:
    """Return the events of the build's log stream."""
    where = {"logGroupName": build["logs"]["groupName"], "logStreamName": build["logs"]["streamName"]}
    return [event["message"] for event in account.client("logs").get_log_events(**where, startFromHead=True)["events"]]


def failure(build: Json) -> str:
    """Return the failed phase and its message."""
    (failed,) = [phase for phase in build["phases"] if phase.get("phaseStatus") == "FAILED"]
    return f"{failed['phaseType']}: {failed['contexts'][0]['message']}"


def test_overrides_of_start_build_have_precedence(account: Account) -> None:
    """The request's variables and buildspec override the project's; exported variables are in the record."""
    name = project(account, spec("false"))
    override = spec('echo "hello $WHO"', env={"exported-variables": ["WHO"]})
    variables = [{"name": "WHO", "value": "you"}]
    build = built(account, name, buildspecOverride=override, environmentVariablesOverride=variables)
    assert (build["buildStatus"], build["buildNumber"]) == ("SUCCEEDED", 1)
    assert build["exportedEnvironmentVariables"] == [{"name": "WHO", "value": "you"}]
    assert "hello you" in lines(account, build)
    assert build["id"] in account.client("codebuild").list_builds_for_project(projectName=name)["ids"]


@pytest.mark.skipif(bool(mount_error()), reason="this machine forbids mounts")
def test_a_build_finds_no_secret_of_the_embedded_aws(account: Account) -> None:
    """A build cannot read the embedded AWS's private files, which would make it root of every account."""
    home = account.remote.parent
    secret = (home / "private" / "secret").read_text()
    sought = f"BEGIN [A-Z ]*PRIVATE KEY|[{secret[0]}]{secret[1:]}"  # no expression that finds itself
    command = f"(find {home}/private -mindepth 1; grep -rlE '{sought}' {home}) > found"
    build = built(
        account, project(account, spec(f"{command}; cat found; ! test -s found && test -d $(dirname $UV_CACHE_DIR)"))
    )
    assert build["buildStatus"] == "SUCCEEDED", lines(account, build)


def test_a_build_that_fails_says_so(account: Account) -> None:
    """A failed build has the failed phase and the command's error, as in a pipeline."""
    build = built(account, project(account, spec("exit 3")))
    assert build["buildStatus"] == "FAILED"
    assert failure(build) == "BUILD: Error while executing command: exit 3. Reason: exit status 3"


def test_a_build_whose_role_or_source_is_not_there_fails(account: Account) -> None:
    """A missing role or source fails the build before its first command."""
    role = project(account, spec("true"), ServiceRole=f"arn:aws:iam::{ACCOUNT}:role/nobody")
    assert "role/nobody: there is no such role" in failure(built(account, role))
    source = project(account, spec("true"), {"Type": "S3", "Location": "nowhere-at-all/code.zip"})
    assert failure(built(account, source)).startswith("DOWNLOAD_SOURCE: ")


def test_a_build_is_stopped(account: Account) -> None:
    """StopBuild stops the running build."""
    api = account.client("codebuild")
    id_ = api.start_build(projectName=project(account, spec("sleep 60")))["build"]["id"]
    until(account, id_, lambda build: build["currentPhase"] == "PRE_BUILD")
    api.stop_build(id=id_)
    build = until(account, id_, lambda build: any(phase["phaseType"] == "BUILD" for phase in build["phases"]))
    assert build["buildStatus"] == "STOPPED"


@pytest.mark.parametrize(
    ("packaging", "keys"),
    [("ZIP", ["out/{build}/made.zip"]), ("NONE", ["out/{build}/made.zip/a/b.txt", "out/{build}/made.zip/c.txt"])],
)
def test_source_and_artifacts_are_in_s3(account: Account, packaging: str, keys: list[str]) -> None:
    """The source is the requested version of an object; artifacts are uploaded as a zip or as files."""
    bucket = account.bucket()
    s3 = account.client("s3")
    versions = []
    for text in ("old", "new"):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("c.txt", text)
        versions.append(s3.put_object(Bucket=bucket, Key="code.zip", Body=data.getvalue())["VersionId"])
    artifacts = {"Type": "S3", "Location": bucket, "Path": "out", "NamespaceType": "BUILD_ID", "Name": "made.zip"}
    name = project(
        account,
        spec("mkdir a", "cp c.txt a/b.txt", artifacts={"files": ["**/*.txt"]}),
        {"Type": "S3", "Location": f"{bucket}/code.zip"},
        Artifacts={**artifacts, "Packaging": packaging},
    )
    build = built(account, name, sourceVersion=versions[0])
    assert build["buildStatus"] == "SUCCEEDED"
    listed = [content["Key"] for content in s3.list_objects_v2(Bucket=bucket, Prefix="out/")["Contents"]]
    assert listed == [key.format(build=build["id"].partition(":")[2]) for key in keys]
    if packaging == "NONE":
        assert s3.get_object(Bucket=bucket, Key=listed[-1])["Body"].read() == b"old"


def test_a_git_source_is_cloned_at_the_version_that_is_asked_for(account: Account) -> None:
    """The clone of the rehearsal's repository has the history of the requested version."""
    work = account.folder / "work"
    work.mkdir()
    git("init", "--quiet", "--initial-branch=main", cwd=work)
    git("commit", "--quiet", "--allow-empty", "--message", "one", cwd=work)
    git("tag", "v1", cwd=work)
    git("commit", "--quiet", "--allow-empty", "--message", "two", cwd=work)
    if not account.remote.exists():
        init_bare_repository(account.remote)
    git("symbolic-ref", "HEAD", "refs/heads/main", cwd=account.remote)
    git("push", "--quiet", "--force", "--tags", str(account.remote), "main", cwd=work)
    name = project(account, spec("git log --format=%s"), {"Type": "CODECOMMIT", "Location": "https://localhost/code"})
    newest = lines(account, built(account, name))
    assert newest.index("two") < newest.index("one")
    tagged = lines(account, built(account, name, sourceVersion="v1"))
    assert ("one" in tagged, "two" in tagged) == (True, False)
    assert failure(built(account, name, sourceVersion="lost")) == "DOWNLOAD_SOURCE: the repository has no lost"


def test_unsupported_requests_are_refused(account: Account) -> None:
    """StartBuild refuses pipeline projects, unsupported overrides and unknown projects, and names them."""
    api = account.client("codebuild")
    pipelines = account.project(spec("true"))
    for name, request, words in (
        (pipelines, {}, "its source is CODEPIPELINE: start the pipeline"),
        (project(account, spec("true")), {"certificateOverride": "c.pem"}, "certificateOverride: not rehearsed"),
        ("nobodys", {}, "Project cannot be found: nobodys"),
    ):
        with pytest.raises(ClientError, match=words):
            api.start_build(projectName=name, **request)


def test_overrides_of_a_request_replace_the_projects_settings(account: Account) -> None:
    """Source, role, image, logs and time limits are those of the request, and the project keeps its own."""
    bucket, s3 = account.bucket(), account.client("s3")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("c.txt", "of the request")
    s3.put_object(Bucket=bucket, Key="code.zip", Body=data.getvalue())
    name = project(account, spec("cat c.txt"), ServiceRole=f"arn:aws:iam::{ACCOUNT}:role/nobody")
    role = f"arn:aws:iam::{ACCOUNT}:role/build"
    overrides = {
        "sourceTypeOverride": "S3",
        "sourceLocationOverride": f"{bucket}/code.zip",
        "serviceRoleOverride": role,
        "imageOverride": "aws/codebuild/standard:5.0",
        "computeTypeOverride": "BUILD_GENERAL1_LARGE",
        "logsConfigOverride": {"cloudWatchLogs": {"status": "ENABLED", "groupName": "other-logs"}},
        "timeoutInMinutesOverride": 7,
        "queuedTimeoutInMinutesOverride": 5,
        "environmentVariablesOverride": [{"name": "WHO", "value": "you"}],
    }
    build = built(account, name, **overrides)
    assert build["buildStatus"] == "SUCCEEDED", build["phases"]
    assert "of the request" in lines(account, build)
    assert (build["serviceRole"], build["timeoutInMinutes"], build["logs"]["groupName"]) == (role, 7, "other-logs")
    assert (build["source"]["type"], build["environment"]["image"]) == ("S3", "aws/codebuild/standard:5.0")
    (variable,) = build["environment"]["environmentVariables"]
    assert (variable["name"], variable["value"]) == ("WHO", "you")
    (kept,) = account.client("codebuild").batch_get_projects(names=[name])["projects"]
    assert (kept["source"]["type"], kept["timeoutInMinutes"]) == ("NO_SOURCE", 60)


def test_an_empty_buildspec_override_is_the_one_of_the_source(account: Account) -> None:
    """As on AWS, it is not the project's: without a file buildspec.yml the build fails."""
    assert "buildspec.yml" in failure(built(account, project(account, spec("true")), buildspecOverride=""))


def test_the_artifacts_of_a_request_replace_the_projects(account: Account) -> None:
    """They go to the place that the request names."""
    bucket = account.bucket()
    name = project(account, spec("touch made", artifacts={"files": ["made"]}))
    target = {"type": "S3", "location": bucket, "name": "out.zip", "packaging": "ZIP"}
    assert built(account, name, artifactsOverride=target)["buildStatus"] == "SUCCEEDED"
    assert [stored["Key"] for stored in account.client("s3").list_objects_v2(Bucket=bucket)["Contents"]] == ["out.zip"]


def test_a_build_is_retried(account: Account) -> None:
    """RetryBuild starts another build with the request of the earlier one; a build of a pipeline has none."""
    name, api = project(account, spec("false")), account.client("codebuild")
    first = built(account, name, buildspecOverride=spec('echo "again $WHO"; false'), sourceVersion="")
    again = api.retry_build(id=first["arn"])["build"]
    assert (again["buildNumber"], again["id"] == first["id"]) == (2, False)
    ended = until(account, again["id"], lambda build: bool(build["buildComplete"]))
    assert (ended["buildStatus"], "again" in " ".join(lines(account, ended))) == ("FAILED", True)
    with pytest.raises(ClientError, match="Build cannot be found: nobodys:1") as refused:
        api.retry_build(id="nobodys:1")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_a_build_of_a_batch_is_not_retried_by_itself(account: Account) -> None:
    """Nor is one of a pipeline: the message says what is retried."""
    name, api = project(account, spec("true")), account.client("codebuild")
    batch = {"version": "0.2", "batch": {"build-list": [{"identifier": "one"}]}, "phases": {}}
    config = {"serviceRole": f"arn:aws:iam::{ACCOUNT}:role/build"}
    api.start_build_batch(projectName=name, buildspecOverride=json.dumps(batch), buildBatchConfigOverride=config)
    while not (ids := api.list_builds_for_project(projectName=name)["ids"]):
        time.sleep(0.02)
    until(account, ids[0], lambda build: bool(build["buildComplete"]))
    with pytest.raises(ClientError, match="a pipeline or a batch started it: retry the pipeline's stage, or the batch"):
        api.retry_build(id=ids[0])


def test_a_request_that_is_sent_twice_with_its_token_starts_one_build(account: Account) -> None:
    """With other parameters it is refused; without a token each request starts a build."""
    name, api = project(account, spec("true")), account.client("codebuild")
    first, second = (api.start_build(projectName=name, idempotencyToken="once")["build"]["id"] for _ in range(2))
    assert first == second
    with pytest.raises(ClientError, match="a request with the token once had other parameters; use a new token"):
        api.start_build(projectName=name, idempotencyToken="once", buildspecOverride=spec("false"))
    assert api.start_build(projectName=name)["build"]["id"] != first
    retried = [api.retry_build(id=first, idempotencyToken="again")["build"]["id"] for _ in range(2)]
    assert retried[0] == retried[1] != first
    with pytest.raises(ClientError, match="a request with the token again had other parameters"):
        api.retry_build(id=retried[0], idempotencyToken="again")


def test_a_build_that_has_ended_stays_as_it_is(account: Account) -> None:
    """StopBuild does not make a stopped build of one that succeeded."""
    build = built(account, project(account, spec("true")))
    stopped = account.client("codebuild").stop_build(id=build["id"])["build"]
    assert (build["buildStatus"], stopped["buildStatus"]) == ("SUCCEEDED", "SUCCEEDED")
