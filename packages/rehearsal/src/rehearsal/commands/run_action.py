"""`run --only`: run one action with the artifacts and variables of an earlier execution."""

from __future__ import annotations

import json
from typing import Any

import click

from rehearsal.commands.api_errors import convert_api_errors
from rehearsal.commands.context import open_deployment, resolve_execution
from rehearsal.commands.follow_to_end import follow_to_end
from rehearsal.commands.logs import find_action
from rehearsal.commands.output import STDOUT
from rehearsal.commands.run_options import RunOptions
from rehearsal.deploy.first_deployment import Deployment
from rehearsal.emulator.codepipeline.wire import REHEARSE_ACTION, TARGET
from rehearsal.views.execution_view import load_execution_view
from rehearsal.workspace.layout import Workspace


def run_action(space: Workspace, wanted: RunOptions) -> int:
    """Run the action with the artifacts of the chosen execution, or the latest; return 0 if it succeeds, else 1."""
    with open_deployment(space, wanted.port) as deployed:
        target = resolve_execution(space, wanted.execution)
        stage, name = find_action(load_execution_view(space, target), wanted.only or "")
        with convert_api_errors("run --only"):
            started = _start(deployed, stage, name, target)
        message = f"{stage}/{name} alone, with the artifacts and variables of {target}: execution {started}"
        click.echo(message, err=wanted.json_file == STDOUT)
        return follow_to_end(space, started, verdict=wanted.verdict, json_file=wanted.json_file, stops=True)


def _start(deployed: Deployment, stage: str, action: str, target: str) -> str:
    """Call the emulator's own operation RehearseAction.

    boto3 has no such operation: RollbackStage is called, and its request is replaced before it is sent.
    """
    name = deployed.key.name
    request = {"pipelineName": name, "stageName": stage, "actionName": action, "pipelineExecutionId": target}

    def replace_request(params: dict[str, Any], **_: Any) -> None:
        params["headers"]["X-Amz-Target"] = f"{TARGET}{REHEARSE_ACTION}"
        params["body"] = json.dumps(request).encode()

    api, event = deployed.api(), "before-call.codepipeline.RollbackStage"
    api.meta.events.register(event, replace_request)
    try:
        answer = api.rollback_stage(pipelineName=name, stageName=stage, targetPipelineExecutionId=target)
    finally:
        api.meta.events.unregister(event, replace_request)  # the client is shared
    return str(answer["pipelineExecutionId"])
