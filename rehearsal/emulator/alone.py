"""The one operation that is not CodePipeline's: an action by itself, for `run --only`."""

from __future__ import annotations

from botocore.exceptions import ClientError

from rehearsal.aws import root
from rehearsal.emulator.call import ApiError, Call, Json
from rehearsal.emulator.wire import ALONE
from rehearsal.engine import alone
from rehearsal.engine.task import Artifact

NEEDS = ("pipelineName", "stageName", "actionName", "pipelineExecutionId")


def rehearse_action(call: Call) -> Json:
    """Start it. Raises ApiError for a request that lacks something, and for input artifacts that are gone."""
    missing = [each for each in NEEDS if each not in call.request]
    if missing:
        raise ApiError("ValidationException", f"{ALONE} needs {', '.join(missing)}")
    deployed, target = call.deployed(), call.execution()
    action = alone.find(deployed.pipeline, call.request["stageName"], call.request["actionName"])
    taken = alone.inputs(action, target, call.engine.of(deployed.key))
    gone = [f"{name} ({each.store.bucket}/{each.key})" for name, each in taken.items() if not _is_there(call, each)]
    if gone:
        raise ApiError(
            "ValidationException",
            f"what execution {target.id} made is gone: {', '.join(gone)}; name a later execution, or `run`",
        )
    started = call.engine.alone(deployed.key, call.request["stageName"], action.name, target)
    return {"pipelineExecutionId": started.id}


def _is_there(call: Call, artifact: Artifact) -> bool:
    s3 = call.engine.endpoint.client("s3", root(call.account), call.region)
    version = {"VersionId": artifact.version} if artifact.version else {}
    try:
        s3.head_object(Bucket=artifact.store.bucket, Key=artifact.key, **version)
    except ClientError:
        return False
    return True
