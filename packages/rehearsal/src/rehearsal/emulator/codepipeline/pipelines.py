"""The API's operations on pipelines."""

from __future__ import annotations

from rehearsal.emulator.api_message import ApiMessage
from rehearsal.emulator.codepipeline.request import Call
from rehearsal.emulator.iam.service_sessions import Sessions
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.engine.model.validation import validate_definition


def create(call: Call) -> ApiMessage:
    """Create a pipeline, which starts immediately, as on AWS."""
    declaration = call.request["pipeline"]
    key = call.key(declaration["name"])
    validate_definition(declaration, call.region)
    Sessions().check_action_roles(declaration, call.region)
    deployed = call.engine.create(key, declaration)
    call.engine.start(key, trigger={"triggerType": "CreatePipeline", "triggerDetail": call.caller})
    return {"pipeline": deployed.declaration, "tags": call.request.get("tags", [])}


def get(call: Call) -> ApiMessage:
    deployed, version = call.deployed(), call.request.get("version")
    if version not in (None, deployed.version):
        raise ApiError(
            "PipelineVersionNotFoundException",
            f"{deployed.key.name} has version {deployed.version}; a rehearsal keeps no earlier ones",
        )
    metadata = {"pipelineArn": deployed.key.arn, "created": deployed.created, "updated": deployed.updated}
    return {"pipeline": deployed.declaration, "metadata": metadata}


def update(call: Call) -> ApiMessage:
    """Update a pipeline. Like AWS, it answers InvalidStructureException for an unknown pipeline."""
    declaration = call.request["pipeline"]
    key = call.key(declaration["name"])
    if key not in call.engine.pipelines:
        raise ApiError("InvalidStructureException", f"there is no pipeline {key.name} to update")
    validate_definition(declaration, call.region)
    Sessions().check_action_roles(declaration, call.region)
    return {"pipeline": call.engine.update(key, declaration, restart=False).declaration}


def delete(call: Call) -> ApiMessage:
    """Delete a pipeline; no error where there is none."""
    call.engine.delete(call.key(call.request["name"]))
    return {}


def list_all(call: Call) -> ApiMessage:
    pipelines = [
        {
            "name": pipeline.key.name,
            "version": pipeline.version,
            "pipelineType": pipeline.pipeline.type,
            "executionMode": pipeline.pipeline.execution_mode,
            "created": pipeline.created,
            "updated": pipeline.updated,
        }
        for pipeline in call.engine.pipelines.values()
        if (pipeline.key.account, pipeline.key.region) == (call.account, call.region)
    ]
    return call.page(pipelines, "pipelines")
