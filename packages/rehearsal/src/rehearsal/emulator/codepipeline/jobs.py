"""The API's operations by which a Lambda function reports the result of its job."""

from __future__ import annotations

from rehearsal.emulator.api_message import ApiMessage
from rehearsal.emulator.codepipeline.request import Call
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.engine.state.invoke_jobs import JobResult


def put_success(call: Call) -> ApiMessage:
    details = call.request.get("executionDetails", {})
    result = JobResult(
        failed=False,
        summary=details.get("summary", ""),
        external_id=details.get("externalExecutionId", ""),
        continuation=call.request.get("continuationToken"),
        variables=call.request.get("outputVariables", {}),
    )
    return _put(call, result)


def put_failure(call: Call) -> ApiMessage:
    details = call.request["failureDetails"]
    result = JobResult(
        failed=True,
        summary=details["message"],
        code=details["type"],
        external_id=details.get("externalExecutionId", ""),
    )
    return _put(call, result)


def _put(call: Call, result: JobResult) -> ApiMessage:
    job = call.jobs.find(call.request["jobId"])
    if job is None:
        raise ApiError("JobNotFoundException", f"there is no job {call.request['jobId']}")
    if not call.jobs.put(job, result):
        raise ApiError("InvalidJobStateException", f"job {job.id} has been answered")
    return {}
