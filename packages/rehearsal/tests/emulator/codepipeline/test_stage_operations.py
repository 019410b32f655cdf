"""The CodePipeline API's operations on stages: conditions, rollback, approvals and transitions."""

from __future__ import annotations

import pytest

from tests.emulator.codepipeline.requests import NAME, NOBODY, answer
from tests.emulator.conftest import Service, approval, pipeline, step
from tests.engine.conftest import KEY, eventually, fails, rule


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
