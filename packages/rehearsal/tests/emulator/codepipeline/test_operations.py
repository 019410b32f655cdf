"""The CodePipeline API, checked against AWS's service model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from rehearsal.emulator.codepipeline.model_constraints import model
from rehearsal.emulator.codepipeline.operations import OPERATIONS
from rehearsal.engine.action_api import Outcome, Task
from tests.emulator.codepipeline.requests import NAME, NOBODY
from tests.emulator.conftest import Service, pipeline, step, unknown_members
from tests.engine.conftest import KEY, Door, at_first, errors, eventually, fails, succeeds, until_stopped

Play = Callable[[Task], Outcome]


def test_a_pipeline_can_be_created_read_listed_changed_and_deleted(service: Service) -> None:
    """A pipeline starts when it is created; each update increments its version."""
    assert service.create(pipeline()).origin.trigger["triggerType"] == "CreatePipeline"
    assert service.call("GetPipeline", name=KEY.name)["pipeline"]["version"] == 1
    changed = pipeline(step("deploy"), step("again", 2))
    assert service.call("UpdatePipeline", pipeline=changed)["pipeline"]["version"] == 2
    (listed,) = service.call("ListPipelines")["pipelines"]
    assert (listed["name"], listed["version"], listed["pipelineType"]) == (KEY.name, 2, "V2")
    service.call("DeletePipeline", name=KEY.name)
    service.call("DeletePipeline", name=KEY.name)
    assert service.call("ListPipelines")["pipelines"] == []
    assert service.refused("GetPipeline", name=KEY.name) == "PipelineNotFoundException"


def test_pipelines_of_other_accounts_and_regions_are_not_seen(service: Service) -> None:
    """ListPipelines lists only the pipelines of the caller's account and region."""
    service.create(pipeline())
    api = service.api
    assert api.call("ListPipelines", {}, "222222222222", KEY.region)["pipelines"] == []
    assert api.call("ListPipelines", {}, KEY.account, "us-east-1")["pipelines"] == []


def test_an_execution_is_started_with_variables_and_shown(service: Service) -> None:
    """GetPipelineExecution returns the variables of the start; unknown names are rejected."""
    service.create(pipeline(variables=[{"name": "x", "defaultValue": "1"}]))
    execution = service.start(variables=[{"name": "x", "value": "2"}])
    service.stage.wait()
    shown = service.call("GetPipelineExecution", **NAME, pipelineExecutionId=execution.id)["pipelineExecution"]
    assert (shown["status"], shown["executionType"]) == ("Succeeded", "STANDARD")
    assert shown["variables"] == [{"name": "x", "resolvedValue": "2"}]
    assert service.refused("StartPipelineExecution", name="nobody") == "PipelineNotFoundException"
    unknown = {"name": KEY.name, "variables": [{"name": "y", "value": "2"}]}
    assert service.refused("StartPipelineExecution", **unknown) == "ValidationException"
    assert service.refused("GetPipelineExecution", **NAME, pipelineExecutionId=NOBODY) == (
        "PipelineExecutionNotFoundException"
    )


def test_an_execution_of_a_deleted_pipeline_is_not_one_of_a_new_pipeline(service: Service) -> None:
    """An execution that still ends belongs to the deleted pipeline, not to a new one with its name."""
    door = service.stage.played.parts["deploy"] = Door()
    service.call("CreatePipeline", pipeline=pipeline(step("deploy")))
    old = service.latest
    eventually(lambda: door.holds(old))
    service.call("DeletePipeline", name=KEY.name)
    service.call("CreatePipeline", pipeline=pipeline(step("other")))
    assert service.refused("GetPipelineExecution", **NAME, pipelineExecutionId=old.id) == (
        "PipelineExecutionNotFoundException"
    )
    door.open(old)


def test_a_source_revision_can_be_asked_for(service: Service) -> None:
    """A source revision override reaches its source action; another action name is rejected."""
    service.create(pipeline())
    asked: list[Mapping[str, str]] = []

    def asks(task: Task) -> Outcome:
        asked.append(task.requested_revisions)
        return fails(task)

    service.stage.played.parts["source"] = asks
    wanted = {"actionName": "source", "revisionType": "COMMIT_ID", "revisionValue": "abc"}
    service.start(sourceRevisions=[wanted])
    service.stage.wait()
    assert asked == [{"COMMIT_ID": "abc"}]
    other = {"name": KEY.name, "sourceRevisions": [{**wanted, "actionName": "other"}]}
    assert service.refused("StartPipelineExecution", **other) == "ValidationException"


def test_executions_are_listed_newest_first_in_pages(service: Service) -> None:
    """nextToken returns the next page; an unknown token is rejected."""
    first = service.create(pipeline())
    second = service.start()
    service.stage.wait()
    page = service.call("ListPipelineExecutions", **NAME, maxResults=1)
    rest = service.call("ListPipelineExecutions", **NAME, nextToken=page["nextToken"])
    ids = [summary["pipelineExecutionId"] for part in (page, rest) for summary in part["pipelineExecutionSummaries"]]
    assert ids == [second.id, first.id]
    assert service.refused("ListPipelineExecutions", **NAME, nextToken="seven") == "InvalidNextTokenException"


def test_executions_can_be_filtered_by_the_stage_they_succeeded_in(service: Service) -> None:
    """The succeededInStage filter lists the possible targets of a rollback."""
    good = service.create(pipeline())
    service.stage.played.parts["deploy"] = fails
    service.start()
    service.stage.wait()
    listed = service.call("ListPipelineExecutions", **NAME, filter={"succeededInStage": {"stageName": "Two"}})
    assert [summary["pipelineExecutionId"] for summary in listed["pipelineExecutionSummaries"]] == [good.id]
    service.call("UpdatePipeline", pipeline=pipeline(step("deploy"), step("again")))
    listed = service.call("ListPipelineExecutions", **NAME, filter={"succeededInStage": {"stageName": "Two"}})
    assert listed["pipelineExecutionSummaries"] == [], "an execution of an earlier version is no target"


@pytest.mark.parametrize("abandon", [True, False])
def test_an_execution_can_be_stopped(service: Service, abandon: bool) -> None:
    """A stop keeps its reason; a second stop is accepted only with abandon."""
    service.stage.played.parts["deploy"] = until_stopped
    service.call("CreatePipeline", pipeline=pipeline())
    execution = service.latest
    eventually(lambda: "deploy" in service.stage.played.seen)
    service.call("StopPipelineExecution", **NAME, pipelineExecutionId=execution.id, abandon=abandon, reason="enough")
    again = {**NAME, "pipelineExecutionId": execution.id}
    if not abandon:
        assert service.stage_state()["latestExecution"]["status"] == "Stopping"
        assert service.refused("StopPipelineExecution", **again) == "DuplicatedStopRequestException"
        service.call("StopPipelineExecution", **again, abandon=True, reason="enough")
    service.stage.wait()
    (summary,) = service.call("ListPipelineExecutions", **NAME)["pipelineExecutionSummaries"]
    assert (summary["status"], summary["stopTrigger"]) == ("Stopped", {"reason": "enough"})
    assert service.refused("StopPipelineExecution", **again) == "PipelineExecutionNotStoppableException"
    assert service.refused("StopPipelineExecution", **NAME, pipelineExecutionId=NOBODY) == (
        "PipelineExecutionNotStoppableException"
    )


@pytest.mark.parametrize(("ending", "code"), [(fails, "JobFailed"), (errors, "ConfigurationError")])
def test_action_executions_tell_input_and_output(service: Service, ending: Any, code: str) -> None:
    """Action executions have the declared and the resolved configuration, variables, and the failure's code."""
    service.stage.played.parts["deploy"] = ending
    execution = service.create(pipeline(step("deploy", say="#{Source.said}!")))
    details = service.call("ListActionExecutions", **NAME)["actionExecutionDetails"]
    assert [(detail["actionName"], detail["status"]) for detail in details] == [
        ("deploy", "Failed"),
        ("source", "Succeeded"),
    ]
    assert details[0]["input"]["configuration"] == {"say": "#{Source.said}!"}
    assert details[0]["input"]["resolvedConfiguration"] == {"say": "!"}
    assert details[0]["output"]["executionResult"]["errorDetails"]["code"] == code
    assert details[1]["output"]["outputVariables"] == {"said": ""}
    assert details[1]["input"]["namespace"] == "Source"
    only = {"filter": {"pipelineExecutionId": execution.id}}
    assert len(service.call("ListActionExecutions", **NAME, **only)["actionExecutionDetails"]) == 2
    nobody = {"filter": {"pipelineExecutionId": NOBODY}}
    assert service.refused("ListActionExecutions", **NAME, **nobody) == "PipelineExecutionNotFoundException"


def test_a_retry_is_listed_as_an_action_execution_of_its_own(service: Service) -> None:
    """A retry is a separate action execution; latestInPipelineExecution leaves the first attempt out."""
    service.stage.played.parts["deploy"] = at_first(fails)
    execution = service.create(pipeline())
    retry = {**NAME, "pipelineExecutionId": execution.id, "retryMode": "FAILED_ACTIONS"}
    service.call("RetryStageExecution", **retry, stageName="Two")
    service.stage.wait()
    details = service.call("ListActionExecutions", **NAME)["actionExecutionDetails"]
    assert [detail["status"] for detail in details] == ["Succeeded", "Failed", "Succeeded"]
    only = {"filter": {"latestInPipelineExecution": {"pipelineExecutionId": execution.id, "startTimeRange": "All"}}}
    assert len(service.call("ListActionExecutions", **NAME, **only)["actionExecutionDetails"]) == 2
    assert service.stage_state()["retryStageMetadata"] == {
        "manualStageRetryAttempt": 1,
        "latestRetryTrigger": "ManualStageRetry",
    }
    assert service.refused("RetryStageExecution", **retry, stageName="Two") == "StageNotRetryableException"
    assert service.refused("RetryStageExecution", **retry, stageName="Ten") == "StageNotFoundException"
    other = {**retry, "pipelineExecutionId": NOBODY, "stageName": "Two"}
    assert service.refused("RetryStageExecution", **other) == "NotLatestPipelineExecutionException"


def test_a_job_is_answered_once(service: Service) -> None:
    """A job takes one result; a second result and an unknown job are rejected."""
    job = service.jobs.open()
    done = {"jobId": job.id, "executionDetails": {"summary": "well"}, "outputVariables": {"a": "b"}}
    service.call("PutJobSuccessResult", **done)
    assert job.result is not None
    assert (job.result.failed, job.result.summary, job.result.variables) == (False, "well", {"a": "b"})
    assert service.refused("PutJobSuccessResult", **done) == "InvalidJobStateException"
    failure = {"failureDetails": {"type": "JobFailed", "message": "broke"}}
    other = service.jobs.open()
    service.call("PutJobFailureResult", jobId=other.id, **failure)
    assert (other.result.failed, other.result.summary) == (True, "broke") if other.result else False
    denied = service.jobs.open()
    service.call("PutJobFailureResult", jobId=denied.id, failureDetails={"type": "PermissionError", "message": "no"})
    assert denied.result is not None
    assert denied.result.code == "PermissionError"
    assert service.refused("PutJobFailureResult", jobId=NOBODY, **failure) == "JobNotFoundException"


def test_every_operation_of_the_api_has_been_held_to_the_model(service: Service) -> None:
    """This file and that of the stages call every operation of the API, so that each is checked against the model."""
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*operations.py"))
    assert [
        operation
        for operation in OPERATIONS
        if f'service.call("{operation}"' not in text and operation not in used_by_helpers()
    ] == []
    assert set(OPERATIONS) <= set(model().operation_names)


def used_by_helpers() -> set[str]:
    return {"StartPipelineExecution", "GetPipelineState"}


def test_an_unknown_operation_lists_the_known_operations(service: Service) -> None:
    """An operation that is not rehearsed fails; the error lists the known operations."""
    with pytest.raises(Exception, match="ListWebhooks is not rehearsed; there are CreatePipeline"):
        service.api.call("ListWebhooks", {}, KEY.account, KEY.region)


@pytest.mark.gate
def test_a_member_or_a_value_that_aws_does_not_know_is_found() -> None:
    """The model check finds an unknown member and an unknown value."""
    shape = model().operation_model("GetPipelineExecution").output_shape
    assert unknown_members(shape, {"surprise": 1}) == ["answer.surprise"]
    assert unknown_members(shape, {"pipelineExecution": {"status": "Great"}}) != []


@pytest.mark.parametrize("ends", [fails, errors, succeeds])
def test_an_action_has_the_id_of_its_work_while_it_runs_and_afterwards(service: Service, ends: Play) -> None:
    """An action has its external execution id while it runs and after it ends, so that clients can follow its build."""

    def builds(task: Task) -> Outcome:
        task.identify("project:1")
        go.wait(10)
        return ends(task)

    def external_ids() -> list[object]:
        only = {"pipelineExecutionId": execution.id}
        details = service.call("ListActionExecutions", **NAME, filter=only)["actionExecutionDetails"]
        stage = service.call("GetPipelineState", name=KEY.name)["stageStates"][1]
        shown = [detail["output"].get("executionResult", {}) for detail in details if detail["actionName"] == "deploy"]
        latest = [action["latestExecution"] for action in stage["actionStates"] if "latestExecution" in action]
        return [found.get("externalExecutionId") for found in (*shown, *latest)]

    go = threading.Event()
    service.create(pipeline())
    service.stage.wait()
    service.stage.played.parts["deploy"] = builds
    execution = service.start()
    eventually(lambda: external_ids() == ["project:1", "project:1"])
    assert execution.status == "InProgress"
    go.set()
    service.stage.wait()
    assert external_ids() == ["project:1", "project:1"]
