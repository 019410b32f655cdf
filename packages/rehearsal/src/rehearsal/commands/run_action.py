"""`run --only`: one action by itself, with the artifacts and variables of an earlier execution."""

from __future__ import annotations

import click

from rehearsal.aws import root
from rehearsal.commands.api_errors import convert_api_errors
from rehearsal.commands.context import open_deployment, resolve_execution
from rehearsal.commands.follow_to_end import follow_to_end
from rehearsal.commands.logs import find_action
from rehearsal.commands.output import STDOUT
from rehearsal.commands.run_options import RunOptions
from rehearsal.deploy.deployment import Deployment
from rehearsal.emulator.codepipeline.wire import REHEARSE_ACTION, TARGET
from rehearsal.views.execution_view import load_execution_view
from rehearsal.workspace.layout import Workspace


def run_action(space: Workspace, options: RunOptions) -> int:
    """Run the action with the artifacts of an execution, by default the latest; return 0 if it succeeds, else 1."""
    with open_deployment(space, options.port) as deployed:
        target = resolve_execution(space, options.execution)
        stage, name = find_action(load_execution_view(space, target), options.only or "")
        with convert_api_errors("run --only"):
            started = _start(deployed, stage, name, target)
        message = f"{stage}/{name} only, with the artifacts and variables of {target}: execution {started}"
        click.echo(message, err=options.json_file == STDOUT)
        return follow_to_end(space, started, verdict=options.verdict, json_file=options.json_file, stops=True)


def _start(deployed: Deployment, stage: str, action: str, target: str) -> str:
    """Start the action by an operation that only the embedded AWS has; the id of its execution."""
    key = deployed.key
    request = {"pipelineName": key.name, "stageName": stage, "actionName": action, "pipelineExecutionId": target}
    operation = f"{TARGET}{REHEARSE_ACTION}"
    answer = deployed.endpoint.post("codepipeline", operation, request, root(key.account), key.region)
    return str(answer["pipelineExecutionId"])
