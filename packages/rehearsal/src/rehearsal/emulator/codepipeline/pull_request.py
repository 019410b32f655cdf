"""RehearsePullRequest, which CodePipeline does not have: the event of a pull request that a connection would send."""

from __future__ import annotations

import json

from rehearsal.emulator.api_message import ApiMessage
from rehearsal.emulator.codepipeline.request import Call
from rehearsal.emulator.codepipeline.wire import REHEARSE_PULL_REQUEST
from rehearsal.emulator.server.api_error import ApiError

REQUIRED_MEMBERS = ("name", "event", "revisions")


def start(call: Call) -> ApiMessage:
    """Start an execution for the revisions. Raises ApiError for missing members, and for an unknown source."""
    missing = [member for member in REQUIRED_MEMBERS if member not in call.request]
    if missing:
        raise ApiError("ValidationException", f"{REHEARSE_PULL_REQUEST} needs {', '.join(missing)}")
    deployed, revisions = call.deployed(), call.request["revisions"]
    sources = {action.name for action in deployed.pipeline.stages[0].actions}
    if unknown := sorted(set(revisions) - sources):
        raise ApiError("ValidationException", f"{deployed.key.name} has no source action {', '.join(unknown)}")
    detail = {"event": call.request["event"], "sources": sorted(revisions)}
    trigger = {"triggerType": "WebhookV2", "triggerDetail": json.dumps(detail)}
    execution = call.engine.start(deployed.key, trigger=trigger, revisions=revisions)
    return {"pipelineExecutionId": execution.id}
