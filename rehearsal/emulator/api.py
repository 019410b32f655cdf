"""The CodePipeline API, on the same endpoint as the rest of the embedded AWS.

Source: AWS CodePipeline API reference; a test holds every answer against botocore's model of the service.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.engine.approvals import Answer, Approvals
from rehearsal.engine.definition import BadDefinition, PipelineKey
from rehearsal.engine.engine import Deployed, Engine
from rehearsal.engine.execution import ActionState, Execution

TARGET = "CodePipeline_20150709."

Json = dict[str, Any]


class ApiError(Exception):
    """An error of the API's own, by the name that AWS gives it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class CodePipelineApi:
    """Answers one call at a time: `call(operation, input, account, region)` in the service's JSON."""

    def __init__(self, engine: Engine, approvals: Approvals) -> None:
        self._engine, self._approvals = engine, approvals
        self._operations: Mapping[str, Callable[[Json, str, str], Json]] = {
            "GetPipeline": self._get_pipeline,
            "GetPipelineExecution": self._get_execution,
            "GetPipelineState": self._get_state,
            "ListPipelineExecutions": self._list_executions,
            "ListPipelines": self._list_pipelines,
            "PutApprovalResult": self._put_approval_result,
            "StartPipelineExecution": self._start,
            "StopPipelineExecution": self._stop,
        }

    def call(self, operation: str, request: Json, account: str, region: str) -> Json:
        if operation not in self._operations:
            known = ", ".join(sorted(self._operations))
            raise ApiError("UnknownOperationException", f"{operation} is not rehearsed; there are {known}")
        try:
            return self._operations[operation](request, account, region)
        except BadDefinition as error:
            raise ApiError("InvalidStructureException", str(error)) from error

    def _get_pipeline(self, request: Json, account: str, region: str) -> Json:
        deployed = self._deployed(request["name"], account, region)
        metadata = {"pipelineArn": deployed.key.arn, "created": deployed.created, "updated": deployed.updated}
        return {"pipeline": deployed.declaration, "metadata": metadata}

    def _list_pipelines(self, request: Json, account: str, region: str) -> Json:
        mine = [
            each for each in self._engine.pipelines.values() if (each.key.account, each.key.region) == (account, region)
        ]
        return {
            "pipelines": [
                {"name": each.key.name, "version": each.version, "created": each.created, "updated": each.updated}
                for each in mine
            ]
        }

    def _start(self, request: Json, account: str, region: str) -> Json:
        deployed = self._deployed(request["name"], account, region)
        variables = {each["name"]: each["value"] for each in request.get("variables", [])}
        trigger = {"triggerType": "StartPipelineExecution", "triggerDetail": f"arn:aws:iam::{account}:root"}
        execution = self._engine.start(deployed.key, trigger=trigger, variables=variables)
        return {"pipelineExecutionId": execution.id}

    def _stop(self, request: Json, account: str, region: str) -> Json:
        execution = self._execution(request, account, region)
        if execution.status != "InProgress":
            raise ApiError("PipelineExecutionNotStoppableException", f"{execution.id} is {execution.status}")
        self._engine.stop(execution, request.get("reason", ""), abandon=bool(request.get("abandon", False)))
        return {"pipelineExecutionId": execution.id}

    def _get_execution(self, request: Json, account: str, region: str) -> Json:
        execution = self._execution(request, account, region)
        return {
            "pipelineExecution": {
                "pipelineName": execution.key.name,
                "pipelineVersion": execution.version,
                "pipelineExecutionId": execution.id,
                "status": execution.status,
                "statusSummary": execution.summary,
                "artifactRevisions": [
                    {"name": each.action, "revisionId": each.id, "revisionSummary": each.summary}
                    for each in execution.revisions
                ],
                "trigger": dict(execution.trigger),
                "executionMode": execution.pipeline.execution_mode,
            }
        }

    def _list_executions(self, request: Json, account: str, region: str) -> Json:
        key = self._deployed(request["pipelineName"], account, region).key
        mine = [each for each in self._engine.executions.values() if each.key == key]
        return {
            "pipelineExecutionSummaries": [
                {
                    "pipelineExecutionId": each.id,
                    "status": each.status,
                    "startTime": each.started,
                    "lastUpdateTime": time.time(),
                    "sourceRevisions": [
                        {"actionName": rev.action, "revisionId": rev.id, "revisionSummary": rev.summary}
                        for rev in each.revisions
                    ],
                    "trigger": dict(each.trigger),
                    "executionMode": each.pipeline.execution_mode,
                }
                for each in sorted(mine, key=lambda each: -each.number)[: request.get("maxResults", 100)]
            ]
        }

    def _get_state(self, request: Json, account: str, region: str) -> Json:
        deployed = self._deployed(request["name"], account, region)
        mine = [each for each in self._engine.executions.values() if each.key == deployed.key]
        return {
            "pipelineName": deployed.key.name,
            "pipelineVersion": deployed.version,
            "stageStates": [_stage_state(stage.name, stage.actions, mine) for stage in deployed.pipeline.stages],
            "created": deployed.created,
            "updated": deployed.updated,
        }

    def _put_approval_result(self, request: Json, account: str, region: str) -> Json:
        key = self._deployed(request["pipelineName"], account, region).key
        where = (request["stageName"], request["actionName"])
        for approval in self._approvals.waiting(key):
            if (approval.stage, approval.action) != where:
                continue
            if approval.token != request["token"]:
                raise ApiError("InvalidApprovalTokenException", "the token belongs to another wait of this approval")
            result = request["result"]
            if not self._approvals.put(approval, Answer(result["status"] == "Approved", result.get("summary", ""))):
                raise ApiError("ApprovalAlreadyCompletedException", "this approval was answered before")
            return {"approvedAt": time.time()}
        raise ApiError("InvalidApprovalTokenException", f"{where[0]}/{where[1]} does not wait for an approval")

    def _deployed(self, name: str, account: str, region: str) -> Deployed:
        try:
            return self._engine.pipelines[PipelineKey(account, region, name)]
        except KeyError:
            message = f"Account '{account}' does not have a pipeline with name '{name}'"
            raise ApiError("PipelineNotFoundException", message) from None

    def _execution(self, request: Json, account: str, region: str) -> Execution:
        key = self._deployed(request["pipelineName"], account, region).key
        execution = self._engine.executions.get(request["pipelineExecutionId"])
        if execution is None or execution.key != key:
            raise ApiError(
                "PipelineExecutionNotFoundException", f"{key.name} has no execution {request['pipelineExecutionId']}"
            )
        return execution


def _stage_state(stage: str, actions: Any, executions: list[Execution]) -> Json:
    """The latest execution that reached the stage decides what is shown."""
    reached = [each for each in executions if any(where == stage for where, _ in each.actions)]
    latest = max(reached, key=lambda each: each.number) if reached else None
    states = [
        _action_state(action.name, latest.actions.get((stage, action.name)) if latest else None) for action in actions
    ]
    state: Json = {"stageName": stage, "inboundTransitionState": {"enabled": True}, "actionStates": states}
    if latest:
        statuses = {each.get("latestExecution", {}).get("status") for each in states}
        overall = next((each for each in ("Failed", "InProgress", "Abandoned") if each in statuses), "Succeeded")
        overall = {"Abandoned": "Stopped"}.get(overall, overall)
        state["latestExecution"] = {"pipelineExecutionId": latest.id, "status": overall}
    return state


def _action_state(name: str, state: ActionState | None) -> Json:
    if state is None:
        return {"actionName": name}
    latest: Json = {"status": state.status, "summary": state.summary, "lastStatusChange": state.ended or state.started}
    if state.token:
        latest["token"] = state.token
    return {"actionName": name, "latestExecution": latest}
