"""The API's operations on stages: their state, transitions, approvals, retries and rollbacks."""

from __future__ import annotations

import time

from rehearsal.emulator.api_message import ApiMessage
from rehearsal.emulator.codepipeline.request import Call
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.engine.action_api import Answer
from rehearsal.engine.model.definition import Action, Condition, Stage
from rehearsal.engine.state.execution import ActionState, Execution
from rehearsal.engine.state.pipeline import DisabledTransition


def state(call: Call) -> ApiMessage:
    deployed = call.deployed()
    executions = call.engine.executions_of(deployed.key)
    first, *_ = deployed.pipeline.stages
    return {
        "pipelineName": deployed.key.name,
        "pipelineVersion": deployed.version,
        "stageStates": [
            {
                **({} if stage is first else _inbound(deployed.disabled.get(stage.name))),
                **_stage_state(stage, executions),
            }
            for stage in deployed.pipeline.stages
        ],
        "created": deployed.created,
        "updated": deployed.updated,
    }


def disable_transition(call: Call) -> ApiMessage:
    call.engine.disable_transition(call.deployed().key, call.transition(), call.request["reason"], call.caller)
    return {}


def enable_transition(call: Call) -> ApiMessage:
    call.engine.enable_transition(call.deployed().key, call.transition())
    return {}


def retry(call: Call) -> ApiMessage:
    stage = call.stage()
    execution = call.execution(code="NotLatestPipelineExecutionException")
    call.engine.retry(execution.key, execution.id, stage, call.request["retryMode"])
    return {"pipelineExecutionId": execution.id}


def override(call: Call) -> ApiMessage:
    stage = call.stage()
    execution = call.execution(code="NotLatestPipelineExecutionException")
    kinds = {"BEFORE_ENTRY": "beforeEntry", "ON_SUCCESS": "onSuccess"}
    if call.request["conditionType"] not in kinds:
        raise ApiError("ValidationException", f"conditionType: {', '.join(kinds)} are allowed")
    call.engine.override(execution.key, execution.id, stage, kinds[call.request["conditionType"]])
    return {}


def rollback(call: Call) -> ApiMessage:
    stage, target = call.stage(), call.execution("targetPipelineExecutionId")
    return {"pipelineExecutionId": call.engine.rollback(target.key, stage, target.id, caller=call.caller).id}


def put_approval_result(call: Call) -> ApiMessage:
    """Answer an approval. A token belongs to one wait, so the answer cannot count for another execution."""
    stage, name = call.stage(), call.request["actionName"]
    deployed = call.deployed()
    actions = next(declared.actions for declared in deployed.pipeline.stages if declared.name == stage)
    if name not in {action.name for action in actions}:
        raise ApiError("ActionNotFoundException", f"{stage} has no action {name}")
    result = call.request["result"]
    answer = Answer(result["status"] == "Approved", result["summary"])
    call.engine.answer(deployed.key, stage, name, call.request["token"], answer)
    return {"approvedAt": time.time()}


def _inbound(disabled: DisabledTransition | None) -> ApiMessage:
    if disabled is None:
        return {"inboundTransitionState": {"enabled": True}}
    changed = {"lastChangedBy": disabled.by, "lastChangedAt": disabled.at, "disabledReason": disabled.reason}
    return {"inboundTransitionState": {"enabled": False, **changed}}


def _stage_state(stage: Stage, executions: list[Execution]) -> ApiMessage:
    """The state of a stage: that of the latest execution that reached it."""
    latest = next((execution for execution in reversed(executions) if stage.name in execution.stages), None)
    waiting = [
        _stage_execution(execution, "InProgress") for execution in executions if execution.waits_for == stage.name
    ]
    answer: ApiMessage = {
        "stageName": stage.name,
        "actionStates": [
            {"actionName": action.name, **_latest(latest, stage.name, action, rule=False)} for action in stage.actions
        ],
    }
    if waiting:
        answer |= {"inboundExecution": waiting[-1], "inboundExecutions": waiting}
    if latest:
        answer["latestExecution"] = _stage_execution(latest, latest.stages[stage.name].status)
        answer |= _retries(latest, stage.name) | _conditions(latest, stage)
    return answer


def _stage_execution(execution: Execution, status: str) -> ApiMessage:
    kind = "ROLLBACK" if execution.origin.rollback_of else "STANDARD"
    stopping = status == "InProgress" and execution.status == "Stopping"
    return {"pipelineExecutionId": execution.id, "status": "Stopping" if stopping else status, "type": kind}


def _retries(execution: Execution, stage: str) -> ApiMessage:
    state = execution.stages[stage]
    if not state.latest_retry:
        return {}
    metadata: ApiMessage = {"latestRetryTrigger": state.latest_retry}
    if state.automatic_retries:
        metadata["autoStageRetryAttempt"] = state.automatic_retries
    if state.manual_retries:
        metadata["manualStageRetryAttempt"] = state.manual_retries
    return {"retryStageMetadata": metadata}


def _conditions(execution: Execution, stage: Stage) -> ApiMessage:
    declared = {
        "beforeEntry": stage.before_entry,
        "onSuccess": stage.on_success,
        "onFailure": stage.on_failure.conditions if stage.on_failure else (),
    }
    checked = execution.stages[stage.name].conditions
    return {
        f"{kind}ConditionState": {
            "latestExecution": {"status": checked[kind].status, "summary": checked[kind].summary},
            "conditionStates": [_condition(execution, stage.name, condition) for condition in conditions],
        }
        for kind, conditions in declared.items()
        if conditions and kind in checked
    }


def _condition(execution: Execution, stage: str, condition: Condition) -> ApiMessage:
    return {
        "ruleStates": [
            {"ruleName": rule.name, **_latest(execution, stage, rule, rule=True)} for rule in condition.rules
        ]
    }


def _latest(execution: Execution | None, stage: str, action: Action, *, rule: bool) -> ApiMessage:
    if execution is None:
        return {}
    state = (execution.rules if rule else execution.actions).get((stage, action.name))
    if state is None:
        return {}
    return {"latestExecution": _attempt(state, "rule" if rule else "action"), **_current_revision(state)}


def _current_revision(state: ActionState) -> ApiMessage:
    """The `currentRevision` of a source action; empty for other actions."""
    revision = state.outcome.revision if state.outcome else None
    if revision is None or not revision.id:
        return {}
    created = state.ended or state.started
    return {"currentRevision": {"revisionId": revision.id, "revisionChangeId": state.id, "created": created}}


def _attempt(state: ActionState, kind: str) -> ApiMessage:
    latest: ApiMessage = {
        f"{kind}ExecutionId": state.id,
        "status": state.status,
        "lastStatusChange": state.ended or state.started,
    }
    if state.summary:
        latest["summary"] = state.summary
    if state.token:
        latest["token"] = state.token
    if state.error_code:
        latest["errorDetails"] = {"code": state.error_code, "message": state.summary}
    if state.external_id:
        latest["externalExecutionId"] = state.external_id
    return latest
