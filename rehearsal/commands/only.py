"""`run --only`: one action by itself, with the artifacts and variables of an earlier execution."""

from __future__ import annotations

import json
from typing import Any

import click

from rehearsal.commands.calls import answered
from rehearsal.commands.finish import finish
from rehearsal.commands.logs import find
from rehearsal.commands.output import STDOUT
from rehearsal.commands.project import execution, viewing
from rehearsal.commands.wanted import Wanted
from rehearsal.deployment import Deployment
from rehearsal.emulator.wire import ALONE, TARGET
from rehearsal.views.state import recorded
from rehearsal.workspace import Workspace


def run_only(space: Workspace, wanted: Wanted) -> int:
    """Run the action with what the execution had that is wanted (None: the latest); 0 if it succeeds, else 1."""
    with viewing(space, wanted.port) as deployed:
        target = execution(space, wanted.execution)
        stage, name = find(recorded(space, target), wanted.only or "")
        with answered("run --only"):
            started = _start(deployed, stage, name, target)
        said = f"{stage}/{name} alone, with the artifacts and variables of {target}: execution {started}"
        click.echo(said, err=wanted.json_file == STDOUT)
        return finish(space, started, verdict=wanted.verdict, json_file=wanted.json_file, stops=True)


def _start(deployed: Deployment, stage: str, action: str, target: str) -> str:
    """Call the operation that no client has: the one that is most like it is called, and says another name."""
    name = deployed.key.name
    request = {"pipelineName": name, "stageName": stage, "actionName": action, "pipelineExecutionId": target}

    def instead(params: dict[str, Any], **_: Any) -> None:
        params["headers"]["X-Amz-Target"] = f"{TARGET}{ALONE}"
        params["body"] = json.dumps(request).encode()

    api, event = deployed.api(), "before-call.codepipeline.RollbackStage"
    api.meta.events.register(event, instead)
    try:
        answer = api.rollback_stage(pipelineName=name, stageName=stage, targetPipelineExecutionId=target)
    finally:
        api.meta.events.unregister(event, instead)  # others use the same client
    return str(answer["pipelineExecutionId"])
