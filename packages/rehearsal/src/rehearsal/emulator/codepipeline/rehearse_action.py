"""RehearseAction, which CodePipeline does not have: run a single action, for `run --only`."""

from __future__ import annotations

from botocore.exceptions import ClientError

from rehearsal.aws import root
from rehearsal.emulator.api_message import ApiMessage
from rehearsal.emulator.codepipeline.request import Call
from rehearsal.emulator.codepipeline.wire import REHEARSE_ACTION
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.engine.action_api import Artifact
from rehearsal.engine.running import single_action

REQUIRED_MEMBERS = ("pipelineName", "stageName", "actionName", "pipelineExecutionId")


def rehearse_action(call: Call) -> ApiMessage:
    """Start the action. Raises ApiError for missing members, and for input artifacts that were removed."""
    missing = [member for member in REQUIRED_MEMBERS if member not in call.request]
    if missing:
        raise ApiError("ValidationException", f"{REHEARSE_ACTION} needs {', '.join(missing)}")
    deployed, target = call.deployed(), call.execution()
    action = single_action.find_action(deployed.pipeline, call.request["stageName"], call.request["actionName"])
    inputs = single_action.input_artifacts(action, target, call.engine.executions_of(deployed.key))
    removed = [
        f"{name} ({artifact.store.bucket}/{artifact.key})"
        for name, artifact in inputs.items()
        if not _artifact_exists(call, artifact)
    ]
    if removed:
        raise ApiError(
            "ValidationException",
            f"artifacts of execution {target.id} were removed: {', '.join(removed)}; choose a later one with"
            " `--execution`, or `run` all actions",
        )
    started = call.engine.run_single_action(deployed.key, call.request["stageName"], action.name, target.id)
    return {"pipelineExecutionId": started.id}


def _artifact_exists(call: Call, artifact: Artifact) -> bool:
    s3 = call.engine.endpoint.client("s3", root(call.account), call.region)
    version = {"VersionId": artifact.version} if artifact.version else {}
    try:
        s3.head_object(Bucket=artifact.store.bucket, Key=artifact.key, **version)
    except ClientError:
        return False
    return True
