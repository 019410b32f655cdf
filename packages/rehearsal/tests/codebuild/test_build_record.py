"""Builds in the CodeBuild API, validated by AWS's model, while they run and after they have ended."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import botocore.session
import pytest
from botocore.model import StructureShape
from botocore.validate import ParamValidator
from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import codebuild

from rehearsal.codebuild import log_stream
from rehearsal.emulator.codebuild.build_store import MinistackBuilds
from tests.codebuild.case import spec
from tests.codebuild.conftest import ACCOUNT, REGION, Account

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def _api() -> Iterator[None]:
    """Set up MiniStack's handlers in this process for the account of the tests."""
    set_request_account_id(ACCOUNT)
    set_request_region(REGION)
    codebuild._builds.clear()
    yield
    codebuild._builds.clear()


def builds() -> list[Json]:
    """Return the responses of ListBuilds and BatchGetBuilds, validated by AWS's model."""
    ids = json.loads(codebuild._list_builds({})[2])["ids"]
    found: list[Json] = json.loads(codebuild._batch_get_builds({"ids": ids})[2])["builds"]
    shape = botocore.session.get_session().get_service_model("codebuild").shape_for("Build")
    assert isinstance(shape, StructureShape)
    for build in found:
        times = {"startTime", "endTime"}
        plain = {key: value for key, value in build.items() if key not in times}
        plain["phases"] = [{key: phase[key] for key in phase if key not in times} for phase in build["phases"]]
        assert ParamValidator().validate(plain, shape).generate_report() == ""
        assert not build.keys() - shape.members.keys()
    return found


def test_a_succeeded_build_has_every_field(account: Account) -> None:
    """The record has number, phases, exported variables, log stream and project."""
    name = account.project(spec("A=b", env={"exported-variables": ["A"]}))
    account.run({"ProjectName": name}, {"In": account.source("In", a="a")})
    (build,) = builds()
    assert (build["projectName"], build["buildNumber"], build["buildStatus"]) == (name, 1, "SUCCEEDED")
    assert (build["buildComplete"], build["currentPhase"], build["initiator"]) == (
        True,
        "COMPLETED",
        "codepipeline/tiny",
    )
    assert build["exportedEnvironmentVariables"] == [{"name": "A", "value": "b"}]
    assert build["logs"] == {"groupName": f"/aws/codebuild/{name}", "streamName": build["id"].partition(":")[2]}
    assert build["source"]["type"] == "CODEPIPELINE"
    assert build["endTime"] >= build["startTime"]
    assert [phase["phaseType"] for phase in build["phases"]] == [
        *("SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD"),
        *("UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED"),
    ]


def test_a_build_that_failed_says_where_and_why(account: Account) -> None:
    """The failed phase has its status, and the command's error as context."""
    name = account.project(spec("exit 3"))
    account.run({"ProjectName": name}, {"In": account.source("In", a="a")})
    (build,) = builds()
    failed = next(phase for phase in build["phases"] if phase["phaseType"] == "BUILD")
    assert (build["buildStatus"], failed["phaseStatus"]) == ("FAILED", "FAILED")
    assert failed["contexts"] == [
        {
            "statusCode": "COMMAND_EXECUTION_ERROR",
            "message": "Error while executing command: exit 3. Reason: exit status 3",
        }
    ]


def test_a_build_that_cannot_be_run_is_a_fault(account: Account) -> None:
    """A build that cannot be emulated is recorded with status FAULT."""
    name = account.project(spec("true", env={"shell": "powershell.exe"}))
    with pytest.raises(Exception, match="runs on Windows"):
        account.run({"ProjectName": name}, {"In": account.source("In", a="a")})
    assert [build["buildStatus"] for build in builds()] == ["FAULT"]


def test_stop_build_ends_a_running_build(
    account: Account, limits_of_waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """StopBuild wakes a pipeline's build without polling, and its action fails."""
    monkeypatch.setattr(log_stream, "BATCH_SECONDS", 0)  # the only short wait: for more lines of the log
    name = account.project(spec("sleep 60"))
    runner = account.runner()
    source = {"In": account.source("In", a="a")}
    task = account.task({"ProjectName": name}, source)
    summaries: list[str] = []
    running = threading.Thread(target=lambda: summaries.append(runner.run(task).summary))
    running.start()
    deadline = time.monotonic() + 20
    while not (found := builds()) or found[0]["currentPhase"] != "PRE_BUILD":
        assert time.monotonic() < deadline, "the build never got to its commands"
        time.sleep(0.02)
    assert (found[0]["buildStatus"], found[0]["buildComplete"]) == ("IN_PROGRESS", False)
    limits_of_waits.clear()
    account.builds.stop_build(codebuild._stop_build)({"id": found[0]["id"]})
    running.join(20)
    assert [limit for limit in limits_of_waits if limit < 1] == []
    assert summaries == ["build STOPPED: BUILD: the build was stopped"]
    assert [build["buildStatus"] for build in builds()] == ["STOPPED"]


def test_ministack_still_only_marks_a_stopped_build(tmp_path: Path) -> None:
    """MiniStack fault: StopBuild only changes the record. If this test fails, review the correction."""
    builds, build = MinistackBuilds(tmp_path), Mock(account=ACCOUNT, region=REGION, id="fault:1")
    stop = builds.begin(build)
    builds.put(build, {"id": "fault:1", "buildStatus": "IN_PROGRESS"})
    answer = codebuild._stop_build({"id": "fault:1"})
    assert json.loads(answer[2])["build"]["buildStatus"] == "STOPPED"
    assert not stop.is_set()


def test_ministack_still_says_succeeded_by_itself() -> None:
    """MiniStack fault: StartBuild runs nothing and returns SUCCEEDED. If this test fails, review the correction."""
    codebuild._projects["fault"] = {"name": "fault"}
    try:
        answer = codebuild._start_build({"projectName": "fault"})
    finally:
        del codebuild._projects["fault"]
    assert json.loads(answer[2])["build"]["buildStatus"] == "SUCCEEDED"
