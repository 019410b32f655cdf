"""`run --only`: one action by itself, with the artifacts and variables of an earlier execution."""

from __future__ import annotations

import json
from typing import Any

import click

from rehearsal.commands.calls import answered
from rehearsal.commands.finish import finish
from rehearsal.commands.logs import find
from rehearsal.commands.project import execution, viewing
from rehearsal.deployment import Deployment
from rehearsal.emulator.alone import OPERATION
from rehearsal.emulator.api import TARGET
from rehearsal.engine import journal
from rehearsal.views.state import replay
from rehearsal.workspace import Workspace


def run_only(space: Workspace, action: str, *, wanted: str | None, verdict: str | None, port: int | None) -> int:
    """Run the action with what execution `wanted` had (None: the latest); 0 if it succeeds, else 1."""
    with viewing(space, port) as deployed:
        target = execution(space, wanted)
        stage, name = find(replay(journal.read(space.journal(target))), action)
        with answered("run --only"):
            started = _start(deployed, stage, name, target)
        click.echo(f"{stage}/{name} alone, with the artifacts and variables of {target}: execution {started}")
        return finish(space, started, verdict=verdict, stops=True)


def _start(deployed: Deployment, stage: str, action: str, target: str) -> str:
    """Call the operation that no client has: the one that is most like it is called, and says another name."""
    name = deployed.key.name
    request = {"pipelineName": name, "stageName": stage, "actionName": action, "pipelineExecutionId": target}

    def instead(params: dict[str, Any], **_: Any) -> None:
        params["headers"]["X-Amz-Target"] = f"{TARGET}{OPERATION}"
        params["body"] = json.dumps(request).encode()

    api = deployed.api()
    api.meta.events.register("before-call.codepipeline.RollbackStage", instead)
    answer = api.rollback_stage(pipelineName=name, stageName=stage, targetPipelineExecutionId=target)
    return str(answer["pipelineExecutionId"])
