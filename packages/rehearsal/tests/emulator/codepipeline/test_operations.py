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
from tests.emulator.conftest import Service, approval, pipeline, source, step, unknown_members
from tests.engine.conftest import KEY, at_first, declaration, errors, eventually, fails, rule, succeeds, until_stopped

Play = Callable[[Task], Outcome]
NAME = {"pipelineName": KEY.name}
NOBODY = "00000000-0000-4000-8000-000000000000"


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


def test_an_incomplete_definition_is_rejected(service: Service) -> None:
    """An incomplete definition is rejected with AWS's error code, and creates nothing."""
    service.create(pipeline())
    assert service.refused("CreatePipeline", pipeline=pipeline()) == "PipelineNameInUseException"
    assert service.refused("CreatePipeline", pipeline={"name": "x"}) == "ValidationException"
    lonely = {**pipeline(), "name": "lonely", "stages": pipeline()["stages"][:1]}
    assert service.refused("CreatePipeline", pipeline=lonely) == "InvalidStructureException"
    assert service.refused("UpdatePipeline", pipeline=lonely) == "InvalidStructureException"
    assert [summary["name"] for summary in service.call("ListPipelines")["pipelines"]] == [KEY.name]
    assert service.refused("GetPipeline", name=KEY.name, version=7) == "PipelineVersionNotFoundException"


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


def test_a_condition_can_be_overridden(service: Service) -> None:
    """An override succeeds and the state shows it; overrides of other conditions are rejected."""
    service.stage.played.parts["check"] = fails
    definition = pipeline()
    definition["stages"][1]["beforeEntry"] = {"conditions": [{"result": "FAIL", "rules": [rule("check")]}]}
    for check in definition["stages"][1]["beforeEntry"]["conditions"][0]["rules"]:
        check["ruleTypeId"] |= {"owner": "AWS", "version": "1"}
    execution = service.create(definition)
    request = {**NAME, "stageName": "Two", "pipelineExecutionId": execution.id, "conditionType": "BEFORE_ENTRY"}
    wrong: list[tuple[str, dict[str, str]]] = [
        ("ConditionNotOverridableException", {"conditionType": "ON_SUCCESS"}),
        ("StageNotFoundException", {"stageName": "Ten"}),
        ("NotLatestPipelineExecutionException", {"pipelineExecutionId": NOBODY}),
        ("ValidationException", {"conditionType": "ON_FAILURE"}),
    ]
    for code, change in wrong:
        assert service.refused("OverrideStageCondition", **{**request, **change}) == code
    service.call("OverrideStageCondition", **request)
    service.stage.wait()
    assert execution.status == "Succeeded"
    assert service.stage_state()["beforeEntryConditionState"]["latestExecution"]["status"] == "Overridden"
    assert service.refused("OverrideStageCondition", **request) == "ConditionNotOverridableException"


def test_a_stage_can_be_rolled_back(service: Service) -> None:
    """The new execution of a rollback names its target."""
    good = service.create(pipeline())
    to = {**NAME, "targetPipelineExecutionId": good.id}
    id_ = service.call("RollbackStage", **to, stageName="Two")["pipelineExecutionId"]
    service.stage.wait()
    shown = service.call("GetPipelineExecution", **NAME, pipelineExecutionId=id_)["pipelineExecution"]
    assert (shown["executionType"], shown["status"]) == ("ROLLBACK", "Succeeded")
    assert shown["trigger"] == {"triggerType": "ManualRollback", "triggerDetail": f"arn:aws:iam::{KEY.account}:root"}
    assert shown["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": good.id}
    assert service.stage_state()["latestExecution"]["type"] == "ROLLBACK"
    assert service.refused("RollbackStage", **to, stageName="One") == "UnableToRollbackStageException"
    assert service.refused("RollbackStage", **to, stageName="Ten") == "StageNotFoundException"
    service.call("UpdatePipeline", pipeline=pipeline(step("deploy"), step("again")))
    assert service.refused("RollbackStage", **to, stageName="Two") == "PipelineExecutionOutdatedException"
    nobody = {**NAME, "targetPipelineExecutionId": NOBODY, "stageName": "Two"}
    assert service.refused("RollbackStage", **nobody) == "PipelineExecutionNotFoundException"


def answer(token: str, status: str = "Approved", **more: str) -> dict[str, Any]:
    where = {**NAME, "stageName": "Two", "actionName": "ask", **more}
    return {**where, "token": token, "result": {"status": status, "summary": "looked at it"}}


@pytest.mark.parametrize(("verdict", "status"), [("Approved", "Succeeded"), ("Rejected", "Failed")])
def test_an_approval_is_answered_with_its_token(service: Service, verdict: str, status: str) -> None:
    """PutApprovalResult rejects a wrong token, a wrong place and a second answer."""
    service.call("CreatePipeline", pipeline=pipeline(approval(), step("other")))
    eventually(lambda: "token" in service.stage_state()["actionStates"][0].get("latestExecution", {}))
    token = service.stage_state()["actionStates"][0]["latestExecution"]["token"]
    assert service.refused("PutApprovalResult", **answer(NOBODY)) == "InvalidApprovalTokenException"
    assert service.refused("PutApprovalResult", **answer(token, stageName="Ten")) == "StageNotFoundException"
    assert service.refused("PutApprovalResult", **answer(token, actionName="no")) == "ActionNotFoundException"
    assert service.refused("PutApprovalResult", **answer(token, actionName="other")) == "InvalidApprovalTokenException"
    service.call("PutApprovalResult", **answer(token, verdict))
    service.stage.wait()
    assert service.latest.status == status
    assert service.refused("PutApprovalResult", **answer(token)) == "InvalidApprovalTokenException"
    state = service.stage_state()["actionStates"][0]["latestExecution"]
    assert "token" not in state
    assert state["summary"].endswith("looked at it")


def test_a_transition_is_disabled_and_enabled(service: Service) -> None:
    """A disabled transition shows its reason and the inbound execution; the outbound transition enables it again."""
    service.create(pipeline())
    service.call("DisableStageTransition", **NAME, stageName="Two", transitionType="Inbound", reason="freeze")
    execution = service.start()
    eventually(lambda: execution.waits_for == "Two")
    state = service.stage_state()
    assert (state["inboundTransitionState"]["enabled"], state["inboundTransitionState"]["disabledReason"]) == (
        False,
        "freeze",
    )
    assert state["inboundExecution"]["pipelineExecutionId"] == execution.id
    service.call("EnableStageTransition", **NAME, stageName="One", transitionType="Outbound")
    service.stage.wait()
    assert execution.status == "Succeeded"
    assert service.stage_state()["inboundTransitionState"] == {"enabled": True}
    first = {**NAME, "stageName": "One", "transitionType": "Inbound"}
    assert service.refused("EnableStageTransition", **first) == "ValidationException"
    ten = {**first, "stageName": "Ten"}
    assert service.refused("EnableStageTransition", **ten) == "StageNotFoundException"
    assert service.refused("DisableStageTransition", **ten, reason="x") == "StageNotFoundException"


def test_the_first_stage_has_no_inbound_transition(service: Service) -> None:
    """The state of the first stage has no inbound transition."""
    service.create(pipeline())
    first, second = service.call("GetPipelineState", name=KEY.name)["stageStates"]
    assert "inboundTransitionState" not in first
    assert second["inboundTransitionState"] == {"enabled": True}


def test_the_state_of_conditions_is_shown(service: Service) -> None:
    """The state of a condition has the status of each rule."""
    service.stage.played.parts["check"] = fails
    definition = pipeline()
    definition["stages"][1]["beforeEntry"] = {"conditions": [{"result": "FAIL", "rules": [rule("check")]}]}
    service.create(definition)
    shown = service.stage_state()["beforeEntryConditionState"]
    assert shown["latestExecution"]["status"] == "Failed"
    (check,) = shown["conditionStates"][0]["ruleStates"]
    assert (check["ruleName"], check["latestExecution"]["status"]) == ("check", "Failed")


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
    """This file calls every operation of the API, so that each is checked against the model."""
    text = Path(__file__).read_text()
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


STRUCTURES: list[tuple[str, str, dict[str, Any]]] = [
    ("at least two stages", "InvalidStructureException", declaration([source()])),
    ("the first stage holds source actions", "InvalidStructureException", declaration([step("a")], [step("b")])),
    ("allowed in the first stage only", "InvalidStructureException", declaration([source()], [source()])),
    ("two actions are called a", "InvalidActionDeclarationException", declaration([source()], [step("a"), step("a")])),
    ("has no action", "InvalidStageDeclarationException", declaration([source()], [])),
    ("runOrder: got 1000", "ValidationException", pipeline(step("a", 1000))),
    (
        "no action before it makes the input artifact Lost",
        "InvalidActionDeclarationException",
        pipeline({**step("a"), "inputArtifacts": [{"name": "Lost"}]}),
    ),
    (
        "two actions make the artifact Code",
        "InvalidActionDeclarationException",
        pipeline({**step("a"), "outputArtifacts": [{"name": "Code"}]}),
    ),
    (
        "two actions have the namespace Source",
        "InvalidActionDeclarationException",
        pipeline({**step("a"), "namespace": "Source"}),
    ),
    ("no artifact store in us-east-1", "InvalidStructureException", pipeline({**step("a"), "region": "us-east-1"})),
    *(
        (words, "InvalidActionDeclarationException", pipeline({**step("a"), "namespace": name}))
        for words, name in (
            ("the namespace codepipeline is CodePipeline's own", "codepipeline"),
            ("the namespace variables is CodePipeline's own", "variables"),
            ("Code is the name of an artifact as well as a namespace", "Code"),
        )
    ),
    (
        "QUEUED needs pipelineType V2",
        "InvalidStructureException",
        pipeline(executionMode="QUEUED") | {"pipelineType": "V1"},
    ),
    (
        "variables need pipelineType V2",
        "InvalidStructureException",
        pipeline(variables=[{"name": "x"}]) | {"pipelineType": "V1"},
    ),
    (
        "timeoutInMinutes: got 90000",
        "ValidationException",
        pipeline({**approval(), "timeoutInMinutes": 90_000}),
    ),
]


@pytest.mark.parametrize(("words", "code", "definition"), STRUCTURES, ids=[structure[0] for structure in STRUCTURES])
def test_structures_that_codepipeline_refuses(
    service: Service, words: str, code: str, definition: dict[str, Any]
) -> None:
    """Each invalid structure is rejected with AWS's error code; the message says what is allowed."""
    with pytest.raises(Exception, match=words):
        service.call("CreatePipeline", pipeline=definition)
    assert service.refused("CreatePipeline", pipeline=definition) == code


def test_the_source_stage_rolls_nothing_back(service: Service) -> None:
    """A source stage with a rollback on failure is rejected."""
    definition = pipeline()
    definition["stages"][0]["onFailure"] = {"result": "ROLLBACK"}
    assert service.refused("CreatePipeline", pipeline=definition) == "InvalidStageDeclarationException"


def test_no_parallel_pipeline_rolls_back(service: Service) -> None:
    """A PARALLEL pipeline with a rollback on failure is rejected."""
    definition = pipeline(executionMode="PARALLEL")
    definition["stages"][1]["onFailure"] = {"result": "ROLLBACK"}
    assert service.refused("CreatePipeline", pipeline=definition) == "InvalidStructureException"


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
