"""`stop`: end an execution."""

from __future__ import annotations

import click

from rehearsal.commands.api_errors import convert_api_errors
from rehearsal.commands.completion_types import EXECUTION_ARGUMENT
from rehearsal.commands.context import resolve_execution, running_deployment, with_workspace
from rehearsal.commands.output import AS_JSON, print_json
from rehearsal.deploy.deployment import Deployment
from rehearsal.errors import WrongUse
from rehearsal.workspace.layout import Workspace


@click.command()
@EXECUTION_ARGUMENT
@click.option("--abandon", is_flag=True, help="End its running actions too; without it they run to their end.")
@click.option("-m", "--reason", default="stopped by hand", show_default=True, help="Why; kept with the execution.")
@AS_JSON
@with_workspace
def stop(space: Workspace, execution_id: str | None, reason: str, *, abandon: bool, as_json: bool) -> None:
    """Stop the running execution; ID (or how it begins) says which, where several run."""
    deployed = running_deployment(space)
    target = resolve_execution(space, execution_id) if execution_id else _single_active_execution(deployed)
    with convert_api_errors("StopPipelineExecution"):
        deployed.api().stop_pipeline_execution(
            pipelineName=deployed.key.name, pipelineExecutionId=target, abandon=abandon, reason=reason
        )
    if as_json:
        print_json({"execution_id": target, "abandoned": abandon})
    else:
        how = "its actions are ended" if abandon else "it stops when its running actions have ended"
        click.echo(f"{target}: {how}")


def active_executions(deployed: Deployment) -> list[str]:
    """Return the executions that run or are being stopped, newest first."""
    listed = deployed.api().list_pipeline_executions(pipelineName=deployed.key.name)["pipelineExecutionSummaries"]
    return [
        execution["pipelineExecutionId"] for execution in listed if execution["status"] in ("InProgress", "Stopping")
    ]


def _single_active_execution(deployed: Deployment) -> str:
    active = active_executions(deployed)
    if not active:
        raise WrongUse(f"no execution of {deployed.key.name} is running; `rehearse history` lists them")
    if len(active) > 1:
        raise WrongUse(f"{len(active)} executions are running; say which: {', '.join(active)}")
    return active[0]
