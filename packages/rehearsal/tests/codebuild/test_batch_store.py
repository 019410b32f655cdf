"""Batch builds in the CodeBuild API, validated by AWS's model."""

from __future__ import annotations

import json
import threading
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, StructureShape

from rehearsal.emulator.codebuild.batch_store import STORE_OPERATIONS
from rehearsal.emulator.codebuild.build_store import MinistackBuilds
from rehearsal.emulator.server.api_error import ApiError
from tests.codebuild.conftest import ACCOUNT, REGION, Account
from tests.codebuild.test_batch import buildspec, run, task

Json = dict[str, Any]


def call(account: Account, operation: str, **request: Any) -> Json:
    """Return the response of an operation; assert that AWS's model has each of its members."""
    answer = account.builds.batches.call(operation, request, ACCOUNT, REGION)
    shape = botocore.session.get_session().get_service_model("codebuild").operation_model(operation).output_shape
    assert isinstance(shape, StructureShape)
    assert answer.keys() <= shape.members.keys()
    batches = shape.members.get("buildBatches")
    if isinstance(batches, ListShape) and isinstance(batches.member, StructureShape):
        assert all(batch.keys() <= batches.member.members.keys() for batch in answer["buildBatches"])
    return json.loads(json.dumps(answer))  # type: ignore[no-any-return]


def test_a_batch_of_an_action_is_in_the_api(account: Account) -> None:
    """An action's batch is found by its id and in the lists; each build has an identifier, an ARN and a status."""
    graph = {"build-graph": [task("first"), task("last", **{"depend-on": ["first"]})]}
    outcome = run(account, buildspec(graph, "touch made-any"))
    (batch,) = call(account, "BatchGetBuildBatches", ids=[outcome.external_id])["buildBatches"]
    assert (batch["buildBatchStatus"], batch["complete"]) == ("SUCCEEDED", True)
    assert batch["arn"] == f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build-batch/{outcome.external_id}"
    groups = [(group["identifier"], group["dependsOn"]) for group in batch["buildGroups"]]
    assert groups == [("first", []), ("last", ["first"])]
    summaries = [group["currentBuildSummary"] for group in batch["buildGroups"]]
    assert [summary["buildStatus"] for summary in summaries] == ["SUCCEEDED", "SUCCEEDED"]
    assert all(f":build/{batch['projectName']}:" in summary["arn"] for summary in summaries)
    assert outcome.external_id in call(account, "ListBuildBatches")["ids"]
    assert call(account, "ListBuildBatchesForProject", projectName=batch["projectName"])["ids"] == [outcome.external_id]
    assert call(account, "BatchGetBuildBatches", ids=["p:1"])["buildBatchesNotFound"] == ["p:1"]


def test_a_batch_that_fails_has_its_builds(account: Account) -> None:
    """A failed batch lists its builds; a build that did not run has no summary."""
    graph = {"build-graph": [task("bad"), task("after", **{"depend-on": ["bad"]})]}
    outcome = run(account, buildspec(graph, "false"))
    (batch,) = call(account, "BatchGetBuildBatches", ids=[outcome.external_id])["buildBatches"]
    assert (batch["buildBatchStatus"], batch["currentPhase"]) == ("FAILED", "FAILED")
    bad, after = batch["buildGroups"]
    assert (bad["currentBuildSummary"]["buildStatus"], "currentBuildSummary" in after) == ("FAILED", False)


def test_a_list_has_pages_an_order_and_a_filter(account: Account) -> None:
    """The newest batch is first by default, and an unknown nextToken is refused."""
    for number, status in enumerate(("FAILED", "SUCCEEDED", "FAILED")):
        arn = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build-batch/p:{number}"
        record = {"id": f"p:{number}", "arn": arn, "projectName": "p", "startTime": number, "buildBatchStatus": status}
        record["complete"] = True
        account.builds.batches.put(record)

    def listed(**request: Any) -> Json:
        return call(account, "ListBuildBatchesForProject", projectName="p", **request)

    first = listed(maxResults=2)
    assert (first["ids"], listed(nextToken=first["nextToken"])) == (["p:2", "p:1"], {"ids": ["p:0"]})
    assert listed(sortOrder="ASCENDING", filter={"status": "FAILED"})["ids"] == ["p:0", "p:2"]
    assert call(account, "ListBuildBatchesForProject", projectName="other") == {"ids": []}
    with pytest.raises(ApiError, match="nextToken: got 'x', which was never returned"):
        listed(nextToken="x")
    with pytest.raises(ApiError, match="ids: got 0; 1 to 100 are allowed"):
        call(account, "BatchGetBuildBatches", ids=[])


def test_a_batch_is_not_deleted(account: Account) -> None:
    """The request is refused with what removes batches."""
    with pytest.raises(ApiError, match="DeleteBuildBatch is not rehearsed: a batch is kept until `rehearse clean`"):
        account.builds.batches.call(STORE_OPERATIONS[-1], {"id": "p:1"}, ACCOUNT, REGION)


def test_a_batch_that_was_running_when_the_embedded_aws_was_killed_has_ended(account: Account) -> None:
    """Its status is FAULT, so that no caller waits for it."""
    arn = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build-batch/p:1"
    running = {"id": "p:1", "arn": arn, "projectName": "p", "startTime": 1, "buildBatchStatus": "IN_PROGRESS"}
    account.builds.begin_batch(arn)
    account.builds.put_batch(running)
    assert account.builds.batches.find("p:1", ACCOUNT, REGION)["buildBatchStatus"] == "IN_PROGRESS"
    later = MinistackBuilds(account.folder).batches.find(arn, ACCOUNT, REGION)
    assert (later["buildBatchStatus"], later["complete"]) == ("FAULT", True)


def test_policies_are_evaluated_on_the_project(account: Account) -> None:
    """Policies are evaluated on the project of each batch; a list of all batches has no resource."""
    resources, project = account.builds.batches.resources, f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/"
    assert resources({"ids": ["a:1", "a:2"]}, ACCOUNT, REGION) == [f"{project}a"]
    assert resources({"projectName": "b"}, ACCOUNT, REGION) == [f"{project}b"]
    assert resources({"id": f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build-batch/c:1"}, ACCOUNT, REGION) == [
        f"{project}c"
    ]
    assert resources({}, ACCOUNT, REGION) == ["*"]


def test_a_batch_that_ends_is_never_seen_as_interrupted(account: Account) -> None:
    """A reader at any moment finds it running, or with the status with which it ended."""
    store, seen = account.builds.batches, set[str]()
    ended = threading.Event()

    def read() -> None:
        while not ended.is_set():
            seen.update(batch["buildBatchStatus"] for batch in store._of(ACCOUNT, REGION))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(100):
        arn = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build-batch/p:{number}"
        record = {"id": f"p:{number}", "arn": arn, "projectName": "p", "startTime": number}
        store.begin(arn)
        store.put({**record, "buildBatchStatus": "IN_PROGRESS"})
        store.put({**record, "buildBatchStatus": "SUCCEEDED", "complete": True})
    ended.set()
    reader.join()
    assert "SUCCEEDED" in seen
    assert seen <= {"IN_PROGRESS", "SUCCEEDED"}
