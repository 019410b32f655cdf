"""The CodePipeline API, on the same endpoint as the rest of the embedded AWS.

Source: AWS CodePipeline API reference; a test compares every response and error with botocore's model of the service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.validate import ParamValidator

from rehearsal.emulator.api_message import ApiMessage
from rehearsal.emulator.codepipeline import executions, jobs, pipelines, pull_request, rehearse_action, stages, wire
from rehearsal.emulator.codepipeline.model_constraints import model, violations
from rehearsal.emulator.codepipeline.request import Call
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.engine.engine import Engine
from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.definition import InvalidDefinition
from rehearsal.engine.state.invoke_jobs import Jobs

OPERATIONS: Mapping[str, Callable[[Call], ApiMessage]] = {
    "CreatePipeline": pipelines.create,
    "DeletePipeline": pipelines.delete,
    "DisableStageTransition": stages.disable_transition,
    "EnableStageTransition": stages.enable_transition,
    "GetPipeline": pipelines.get,
    "GetPipelineExecution": executions.get,
    "GetPipelineState": stages.state,
    "ListActionExecutions": executions.list_actions,
    "ListPipelineExecutions": executions.list_all,
    "ListPipelines": pipelines.list_all,
    "OverrideStageCondition": stages.override,
    "PutApprovalResult": stages.put_approval_result,
    "PutJobFailureResult": jobs.put_failure,
    "PutJobSuccessResult": jobs.put_success,
    "RetryStageExecution": stages.retry,
    "RollbackStage": stages.rollback,
    "StartPipelineExecution": executions.start,
    "StopPipelineExecution": executions.stop,
    "UpdatePipeline": pipelines.update,
}
# Of this project: the model of CodePipeline does not have them.
OWN_OPERATIONS: Mapping[str, Callable[[Call], ApiMessage]] = {
    wire.REHEARSE_ACTION: rehearse_action.rehearse_action,
    wire.REHEARSE_PULL_REQUEST: pull_request.start,
}


class CodePipelineApi:
    """The API's operations, with inputs and outputs in the service's JSON."""

    def __init__(self, engine: Engine, jobs: Jobs) -> None:
        self._engine, self._jobs = engine, jobs

    def call(self, operation: str, request: ApiMessage, account: str, region: str) -> ApiMessage:
        """Return the operation's output. Raises ApiError."""
        if operation in OWN_OPERATIONS:
            return self._do(OWN_OPERATIONS[operation], request, account, region)
        if operation not in OPERATIONS:
            known = ", ".join(OPERATIONS)
            raise ApiError("UnknownOperationException", f"{operation} is not rehearsed; there are {known}")
        _check(operation, request)
        return self._do(OPERATIONS[operation], request, account, region)

    def start(self, name: str, account: str, region: str, trigger: Mapping[str, str], **members: Any) -> str:
        """Start a pipeline and return the execution's id. members: those of StartPipelineExecution's input.

        Raises ApiError.
        """
        request = {"name": name, **members}
        _check("StartPipelineExecution", request)
        answer = self._do(lambda call: executions.start_with_trigger(call, trigger), request, account, region)
        return str(answer["pipelineExecutionId"])

    def _do(
        self, operation: Callable[[Call], ApiMessage], request: ApiMessage, account: str, region: str
    ) -> ApiMessage:
        try:
            return operation(Call(self._engine, self._jobs, request, account, region))
        except InvalidDefinition as error:
            raise ApiError("InvalidStructureException", str(error)) from error
        except RequestRejected as error:
            raise ApiError(error.code, str(error)) from error


def _check(operation: str, request: ApiMessage) -> None:
    """Raise ApiError unless the request has the members, types and values that AWS's model requires."""
    shape = model().operation_model(operation).input_shape
    if shape is None:
        return
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        raise ApiError("ValidationException", report.generate_report())
    if messages := list(violations(shape, request, "")):
        raise ApiError("ValidationException", "; ".join(messages))
