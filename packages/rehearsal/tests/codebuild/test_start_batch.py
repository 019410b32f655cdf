"""StartBuildBatch, StopBuildBatch and RetryBuildBatch: batches of builds outside a pipeline."""

from __future__ import annotations

import contextlib
import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from rehearsal.actions.batch_run import run_batch
from rehearsal.codebuild import batch_spec
from rehearsal.codebuild.model import BuildResult
from rehearsal.emulator.codebuild.start_batch import StartedBatches
from rehearsal.emulator.codebuild.started_requests import StartedRequests
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.engine.endpoint import Credentials
from rehearsal.host.cancellation import Cancellation
from tests.codebuild.conftest import ACCOUNT, REGION, Account
from tests.codebuild.test_batch import task
from tests.codebuild.test_start_build import lines

Json = dict[str, Any]
ROLE = f"arn:aws:iam::{ACCOUNT}:role/build"
IDENTIFIER = "$CODEBUILD_BATCH_BUILD_IDENTIFIER"


def project(account: Account, batch: Json, *commands: str, config: Json | None = None, **properties: Any) -> str:
    """A project with batches that no pipeline has; its name. With `Artifacts`, these are the files `made-*`."""
    account.role()
    spec = {"version": "0.2", "batch": batch, "phases": {"build": {"commands": [*commands]}}}
    buildspec = json.dumps({**spec, **({"artifacts": {"files": ["made-*"]}} if "Artifacts" in properties else {})})
    given: Json = {
        "Source": {"Type": "NO_SOURCE", "BuildSpec": buildspec},
        "Artifacts": {"Type": "NO_ARTIFACTS"},
        "BuildBatchConfig": {"ServiceRole": ROLE, **(config or {})},
    }
    return account.project(buildspec, **{**given, **properties})


def role(account: Account, name: str, *actions: str, **principal: str) -> str:
    """A role with the permission for some actions; its ARN. principal: who may assume it; by default CodeBuild."""
    iam = account.client("iam")
    trusted = principal or {"Service": "codebuild.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    if actions:
        allowed = {"Effect": "Allow", "Action": [*actions], "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_role_policy(RoleName=name, PolicyName="some", PolicyDocument=policy)
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def until(account: Account, id_: str, wanted: Callable[[Json], bool] = lambda batch: bool(batch["complete"])) -> Json:
    """The batch as the API has it, once it is `wanted`; without one, once it has ended."""
    deadline = time.monotonic() + 40
    while True:
        (batch,) = account.client("codebuild").batch_get_build_batches(ids=[id_])["buildBatches"]
        if wanted(batch):
            return dict(batch)
        assert time.monotonic() < deadline, batch
        time.sleep(0.02)


def ended(account: Account, name: str, **request: Any) -> Json:
    """A batch that has ended."""
    started = account.client("codebuild").start_build_batch(projectName=name, **request)["buildBatch"]
    assert (started["buildBatchStatus"], started["complete"]) == ("IN_PROGRESS", False)
    return until(account, started["id"])


def statuses(batch: Json) -> dict[str, str]:
    """The status of each build; empty for one that did not run."""
    groups = batch["buildGroups"]
    return {group["identifier"]: group.get("currentBuildSummary", {}).get("buildStatus", "") for group in groups}


def failure(batch: Json) -> str:
    """The phase that failed, and why."""
    (failed,) = [phase for phase in batch["phases"] if phase.get("contexts")]
    return f"{failed['phaseType']}: {failed['contexts'][0]['message']}"


def builds(account: Account, batch: Json) -> dict[str, Json]:
    """The builds of a batch by their identifiers."""
    ids = {
        group["identifier"]: group["currentBuildSummary"]["arn"].rpartition("/")[2] for group in batch["buildGroups"]
    }
    found = account.client("codebuild").batch_get_builds(ids=[*ids.values()])["builds"]
    by_id = {build["id"]: dict(build) for build in found}
    return {identifier: by_id[id_] for identifier, id_ in ids.items()}


def test_a_graph_is_run_by_the_api(account: Account) -> None:
    """Each build has its variables, its record and its log, and runs after those that it depends on."""
    batch = {"build-graph": [task("first"), task("last", **{"depend-on": ["first"]})]}
    name = project(account, batch, f'echo "{IDENTIFIER} is $COLOUR for $WHO"')
    found = ended(account, name, environmentVariablesOverride=[{"name": "WHO", "value": "you"}])
    assert (found["buildBatchStatus"], found["currentPhase"], found["buildBatchNumber"]) == ("SUCCEEDED",) * 2 + (1,)
    phases = [(phase["phaseType"], phase.get("phaseStatus")) for phase in found["phases"]]
    done = [(phase, "SUCCEEDED") for phase in ("SUBMITTED", "DOWNLOAD_BATCHSPEC", "IN_PROGRESS")]
    assert phases == [*done, ("SUCCEEDED", None)]
    assert statuses(found) == {"first": "SUCCEEDED", "last": "SUCCEEDED"}
    run = builds(account, found)
    assert "last is last for you" in lines(account, run["last"])
    assert run["first"]["endTime"] <= run["last"]["startTime"]
    assert [build["buildNumber"] for build in run.values()] == [1, 2]
    api = account.client("codebuild")
    assert api.list_build_batches_for_project(projectName=name)["ids"] == [found["id"]]


def test_a_batch_is_stopped(account: Account) -> None:
    """StopBuildBatch stops its builds, and none starts; a batch that has ended stays as it is."""
    graph = {"build-graph": [task("slow"), task("after", **{"depend-on": ["slow"]})]}
    api = account.client("codebuild")
    id_ = api.start_build_batch(projectName=project(account, graph, "sleep 60"))["buildBatch"]["id"]
    until(account, id_, lambda batch: statuses(batch).get("slow") == "IN_PROGRESS")
    api.stop_build_batch(id=id_)
    batch = until(account, id_)
    assert (batch["buildBatchStatus"], batch["currentPhase"]) == ("STOPPED", "STOPPED")
    assert statuses(batch) == {"slow": "STOPPED", "after": ""}
    assert api.stop_build_batch(id=batch["arn"])["buildBatch"]["buildBatchStatus"] == "STOPPED"


def test_the_failed_builds_of_a_batch_are_retried(account: Account) -> None:
    """The batch keeps its id, and the earlier build of each group is listed; other builds do not run again."""
    flag = account.folder / "mended"
    batch = {"build-list": [task("good"), task("bad")]}
    name = project(account, batch, f"test $COLOUR = good || test -e {flag}")
    api = account.client("codebuild")
    failed = ended(account, name)
    assert (failed["buildBatchStatus"], failure(failed)) == ("FAILED", "IN_PROGRESS: failed: bad")
    flag.touch()
    api.retry_build_batch(id=failed["id"], retryType="RETRY_FAILED_BUILDS")
    retried = until(account, failed["id"])
    assert (retried["buildBatchStatus"], statuses(retried)) == ("SUCCEEDED", {"good": "SUCCEEDED", "bad": "SUCCEEDED"})
    good, bad = retried["buildGroups"]
    assert good["currentBuildSummary"] == failed["buildGroups"][0]["currentBuildSummary"]
    assert bad["priorBuildSummaryList"] == [failed["buildGroups"][1]["currentBuildSummary"]]
    with pytest.raises(ClientError, match="is SUCCEEDED: only batch builds that have failed can be retried"):
        api.retry_build_batch(id=failed["id"])


def test_all_builds_of_a_batch_are_retried(account: Account) -> None:
    """Those that succeeded run again too."""
    failed = ended(account, project(account, {"build-list": [task("good"), task("bad")]}, "test $COLOUR = good"))
    account.client("codebuild").retry_build_batch(id=failed["id"], retryType="RETRY_ALL_BUILDS")
    retried = until(account, failed["id"])
    assert statuses(retried) == {"good": "SUCCEEDED", "bad": "FAILED"}
    assert all(len(group["priorBuildSummaryList"]) == 1 for group in retried["buildGroups"])


def test_combined_artifacts_are_uploaded_as_one(account: Account) -> None:
    """With combineArtifacts the artifacts of all builds are in one object, under the id of the batch."""
    bucket = account.bucket()
    target = {"Type": "S3", "Location": bucket, "NamespaceType": "BUILD_ID", "Name": "all.zip", "Packaging": "ZIP"}
    batch = {"build-list": [task("one"), task("two")]}
    name = project(
        account, batch, f"touch made-{IDENTIFIER}", config={"CombineArtifacts": True}, Artifacts=dict(target)
    )
    found = ended(account, name)
    assert found["buildBatchStatus"] == "SUCCEEDED", failure(found)
    assert "COMBINE_ARTIFACTS" in [phase["phaseType"] for phase in found["phases"]]
    s3 = account.client("s3")
    (stored,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert stored["Key"] == f"{found['id'].partition(':')[2]}/all.zip"
    with zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket=bucket, Key=stored["Key"])["Body"].read())) as archive:
        assert sorted(archive.namelist()) == ["made-one", "made-two"]


def test_restrictions_fail_a_batch(account: Account) -> None:
    """Too many builds, or a compute type that the project does not allow: no build starts."""
    batch = {"build-list": [task("one"), task("two")]}
    name = project(account, batch, "true", config={"Restrictions": {"MaximumBuildsAllowed": 1}})
    few = ended(account, name)
    message = "the batch has 2 builds; its project's restrictions allow 1"
    assert (few["buildBatchStatus"], failure(few)) == ("FAILED", f"DOWNLOAD_BATCHSPEC: {message}")
    types = {"restrictions": {"computeTypesAllowed": ["BUILD_GENERAL1_LARGE"]}}
    small = ended(account, project(account, batch, "true"), buildBatchConfigOverride=types)
    assert "one: the compute type is BUILD_GENERAL1_SMALL; its project's restrictions allow" in failure(small)


def test_the_role_of_a_batch_starts_its_builds(account: Account) -> None:
    """Without its permission for StartBuild the batch fails, and a retry needs RetryBuild."""
    batch = {"build-list": [task("one")]}
    name = project(account, batch, "false", config={"ServiceRole": role(account, "powerless")})
    denied = ended(account, name)
    assert (denied["buildBatchStatus"], denied["buildGroups"]) == ("FAILED", [])
    assert "is not authorized to perform: codebuild:StartBuild on resource" in failure(denied)
    starter = role(account, "starter", "codebuild:StartBuild")
    failed = ended(account, project(account, batch, "false", config={"ServiceRole": starter}))
    assert failure(failed) == "IN_PROGRESS: failed: one"
    account.client("codebuild").retry_build_batch(id=failed["id"])
    assert "is not authorized to perform: codebuild:RetryBuild on resource" in failure(until(account, failed["id"]))


def test_a_caller_needs_the_permission_for_batches(account: Account) -> None:
    """StartBuild is not enough: the denial names StartBuildBatch. A role in the request needs iam:PassRole."""
    name = project(account, {"build-list": [task("one")]}, "true")
    caller = role(account, "caller", "codebuild:StartBuild", AWS=ACCOUNT)
    key = account.client("sts").assume_role(RoleArn=caller, RoleSessionName="caller")["Credentials"]
    credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])
    api = account.endpoint.client("codebuild", credentials, REGION)
    with pytest.raises(ClientError, match="codebuild:StartBuildBatch") as denied:
        api.start_build_batch(projectName=name)
    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    role(account, "caller", "codebuild:StartBuildBatch", AWS=ACCOUNT)
    with pytest.raises(ClientError, match="iam:PassRole"):
        api.start_build_batch(projectName=name, buildBatchConfigOverride={"serviceRole": ROLE})


def test_what_cannot_be_started_is_refused(account: Account) -> None:
    """Each refusal has AWS's error code, and says what is allowed."""
    api = account.client("codebuild")
    plain = project(account, {"build-list": [task("one")]}, "true", BuildBatchConfig={})
    batched = project(account, {"build-list": [task("one")]}, "true")
    for operation, request, code, words in (
        ("start_build_batch", {"projectName": "nobodys"}, "ResourceNotFoundException", "Project cannot be found"),
        ("start_build_batch", {"projectName": plain}, "InvalidInputException", "has no BuildBatchConfig with a"),
        (
            "start_build_batch",
            {"projectName": batched, "debugSessionEnabled": True},
            "InvalidInputException",
            "debugSessionEnabled: not rehearsed; there are artifactsOverride, buildBatchConfigOverride",
        ),
        ("stop_build_batch", {"id": "p:1"}, "ResourceNotFoundException", "Build batch cannot be found: p:1"),
        ("retry_build_batch", {"id": "p:1"}, "ResourceNotFoundException", "Build batch cannot be found: p:1"),
        ("delete_build_batch", {"id": "p:1"}, "InvalidInputException", "DeleteBuildBatch is not rehearsed"),
    ):
        with pytest.raises(ClientError, match=words) as refused:
            getattr(api, operation)(**request)
        assert refused.value.response["Error"]["Code"] == code


def test_a_batch_that_takes_too_long_is_ended(account: Account) -> None:
    """After timeoutInMins of the BuildBatchConfig its builds are stopped, and its status is TIMED_OUT."""
    spec = json.dumps({"version": "0.2", "batch": {"build-list": [task("slow")]}, "phases": {}})
    loaded = batch_spec.load(spec, account.folder)
    record = Mock(stop=Cancellation())
    result = run_batch(
        loaded, Mock(batch_config={"timeoutInMins": 0.001}), record, lambda _task, stop: stopped_build(stop)
    )
    assert (result.status, result.failed) == ("TIMED_OUT", ("slow",))


def stopped_build(stop: Cancellation) -> BuildResult:
    """A build that runs until it is stopped."""
    assert stop.wait(20)
    return BuildResult("STOPPED")


def test_a_batch_of_a_pipeline_is_not_retried_by_itself(account: Account) -> None:
    """It is retried with its stage; nor are the failed builds of a batch retried whose artifacts are combined."""
    api, store = account.client("codebuild"), account.builds.batches
    arn = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build-batch/p:1"
    record = {"id": "p:1", "arn": arn, "projectName": "p", "startTime": 1, "buildBatchStatus": "FAILED"}
    store.put({**record, "complete": True})
    batches = StartedBatches(Mock(), store, StartedRequests(account.folder / "requests"))
    with pytest.raises(ApiError, match="a pipeline started p:1: retry the pipeline's stage"):
        batches.call("RetryBuildBatch", {"id": "p:1"}, ACCOUNT, REGION)
    with pytest.raises(ApiError, match="retryType: got ALL; RETRY_ALL_BUILDS and RETRY_FAILED_BUILDS are allowed"):
        batches.call("RetryBuildBatch", {"id": "p:1", "retryType": "ALL"}, ACCOUNT, REGION)
    combined = {"build-list": [task("good"), task("bad")]}
    failed = ended(account, project(account, combined, "test $COLOUR = good", config={"CombineArtifacts": True}))
    with pytest.raises(ClientError, match=r"is not rehearsed with combineArtifacts: .* use RETRY_ALL_BUILDS"):
        api.retry_build_batch(id=failed["id"], retryType="RETRY_FAILED_BUILDS")
