"""The API's operations on executions and action executions."""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.emulator.api_message import ApiMessage
from rehearsal.emulator.codepipeline.request import Call
from rehearsal.emulator.codepipeline.source_revisions import source_overrides
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.engine.action_api import Artifact
from rehearsal.engine.state.execution import ActionState, Execution
from rehearsal.engine.state.journal import INTERRUPTED

# The maximum length of a summary. Source: botocore's model, ActionExecutionResult.
SUMMARY_LENGTH = 2048


def start(call: Call) -> ApiMessage:
    return start_with_trigger(call, {"triggerType": "StartPipelineExecution", "triggerDetail": call.caller})


def start_with_trigger(call: Call, trigger: Mapping[str, str]) -> ApiMessage:
    """Start the execution of the request, with this trigger."""
    deployed = call.deployed()
    execution = call.engine.start(
        deployed.key,
        trigger=trigger,
        variables={variable["name"]: variable["value"] for variable in call.request.get("variables", [])},
        revisions=source_overrides(deployed.pipeline, call.request.get("sourceRevisions", [])),
        token=call.request.get("clientRequestToken", ""),
    )
    return {"pipelineExecutionId": execution.id}


def stop(call: Call) -> ApiMessage:
    """Stop an execution. A second request is allowed if it abandons the actions that the first one waits for."""
    execution = call.execution(code="PipelineExecutionNotStoppableException")
    abandon = bool(call.request.get("abandon", False))
    call.engine.stop(execution.key, execution.id, call.request.get("reason", ""), abandon=abandon)
    return {"pipelineExecutionId": execution.id}


def get(call: Call) -> ApiMessage:
    execution = call.execution()
    variables = execution.variables.get("variables", {})
    return {
        "pipelineExecution": {
            "pipelineName": execution.key.name,
            "pipelineVersion": execution.version,
            "artifactRevisions": _revisions(execution, "name"),
            "variables": [{"name": name, "resolvedValue": value} for name, value in variables.items()],
            **_common_members(execution),
        }
    }


def list_all(call: Call) -> ApiMessage:
    """List executions, newest first.

    With the filter succeededInStage, only those that succeeded in the stage with the current version of the pipeline.
    """
    deployed = call.deployed()
    stage = call.request.get("filter", {}).get("succeededInStage", {}).get("stageName")
    executions = [*reversed(call.engine.executions_of(deployed.key))]
    if stage is not None:
        executions = [
            execution
            for execution in executions
            if execution.version == deployed.version and _has_succeeded(execution, stage)
        ]
    return call.page([_summary(execution) for execution in executions], "pipelineExecutionSummaries")


def _has_succeeded(execution: Execution, stage: str) -> bool:
    return stage in execution.stages and execution.stages[stage].status == "Succeeded"


def list_actions(call: Call) -> ApiMessage:
    """List action executions, newest first, with every attempt."""
    key, only = call.deployed().key, call.request.get("filter", {})
    latest = only.get("latestInPipelineExecution", {}).get("pipelineExecutionId")
    id_ = only.get("pipelineExecutionId") or latest
    chosen = [execution for execution in call.engine.executions_of(key) if id_ in (None, execution.id)]
    if id_ and not chosen:
        raise ApiError("PipelineExecutionNotFoundException", f"{key.name} has no execution {id_}")
    attempts = [
        (execution, state) for execution in chosen for state in execution.attempts.values() if not state.is_rule
    ]
    if latest:
        attempts = [
            (execution, state) for execution, state in attempts if execution.actions[(state.stage, state.name)] is state
        ]
    newest_first = sorted(attempts, key=lambda pair: -pair[1].started)
    return call.page([_detail(*attempt) for attempt in newest_first], "actionExecutionDetails")


def _summary(execution: Execution) -> ApiMessage:
    answer = {
        "startTime": execution.started,
        "lastUpdateTime": execution.updated,
        "sourceRevisions": _revisions(execution, "actionName"),
        **_common_members(execution),
    }
    if execution.stop_reason is not None:
        answer["stopTrigger"] = {"reason": execution.stop_reason}
    return answer


def _revisions(execution: Execution, name: str) -> list[ApiMessage]:
    """The revisions of all sources; name: the member with the source action's name."""
    return [
        _omit_empty(
            {
                name: revision.action,
                "revisionId": revision.id,
                "revisionSummary": revision.summary,
                "revisionUrl": revision.url,
            }
        )
        for revision in execution.revisions
    ]


def _common_members(execution: Execution) -> ApiMessage:
    answer: ApiMessage = {
        "pipelineExecutionId": execution.id,
        "status": "Stopped" if execution.status == INTERRUPTED else execution.status,
        "statusSummary": execution.summary,
        "trigger": dict(execution.origin.trigger),
        "executionMode": execution.pipeline.execution_mode,
        "executionType": "ROLLBACK" if execution.origin.rollback_of else "STANDARD",
    }
    if execution.origin.rollback_of:
        answer["rollbackMetadata"] = {"rollbackTargetPipelineExecutionId": execution.origin.rollback_of}
    return answer


def _detail(execution: Execution, state: ActionState) -> ApiMessage:
    action = execution.action_of(state)
    return {
        "pipelineExecutionId": execution.id,
        "actionExecutionId": state.id,
        "pipelineVersion": execution.version,
        "stageName": state.stage,
        "actionName": action.name,
        "startTime": state.started,
        "lastUpdateTime": state.ended or state.started,
        "status": state.status,
        "input": _omit_empty(
            {
                "actionTypeId": {
                    "category": action.type.category,
                    "owner": action.owner,
                    "provider": action.type.provider,
                    "version": action.version,
                },
                "configuration": dict(action.configuration),
                "resolvedConfiguration": dict(state.resolved),
                "roleArn": action.role_arn,
                "region": action.region or execution.key.region,
                "inputArtifacts": _artifacts(state.inputs),
                "namespace": action.namespace,
            }
        ),
        "output": _output(state),
    }


def _output(state: ActionState) -> ApiMessage:
    outcome = state.outcome
    if outcome is None:
        return {"executionResult": {"externalExecutionId": state.external_id}} if state.external_id else {}
    result: ApiMessage = {
        "externalExecutionSummary": outcome.summary[:SUMMARY_LENGTH],
        "externalExecutionId": state.external_id,
    }
    if state.error_code:
        result["errorDetails"] = {"code": state.error_code, "message": outcome.summary}
    return {
        "outputArtifacts": _artifacts(outcome.outputs),
        "executionResult": _omit_empty(result),
        "outputVariables": dict(outcome.variables),
    }


def _artifacts(artifacts: Mapping[str, Artifact]) -> list[ApiMessage]:
    return [
        {"name": name, "s3location": {"bucket": artifact.store.bucket, "key": artifact.key}}
        for name, artifact in artifacts.items()
    ]


def _omit_empty(members: ApiMessage) -> ApiMessage:
    """The members that have a value; AWS omits the others."""
    return {name: value for name, value in members.items() if value not in (None, "")}
