"""`rollback`: run a stage again with the artifacts of an earlier execution."""

from __future__ import annotations

from pathlib import Path

import click

from rehearsal.commands.approval_answers import Verdict
from rehearsal.commands.completion_types import EXECUTION_ARGUMENT, STAGE
from rehearsal.commands.context import open_deployment, resolve_execution, with_workspace
from rehearsal.commands.follow_to_end import follow_to_end, verdict_options
from rehearsal.commands.output import JSON_FILE, STDOUT
from rehearsal.commands.run_partial import start_rollback, successful_executions
from rehearsal.deploy.deployment import Deployment
from rehearsal.errors import WrongUse
from rehearsal.workspace.layout import Workspace


@click.command()
@click.argument("stage", type=STAGE)
@EXECUTION_ARGUMENT
@verdict_options
@JSON_FILE
@with_workspace
def rollback(
    space: Workspace, stage: str, execution_id: str | None, verdict: Verdict | None, json_file: Path | None
) -> int:
    """Roll STAGE back to execution ID, or to the one that last succeeded in it before the present one."""
    with open_deployment(space) as deployed:
        if execution_id:
            target = resolve_execution(space, execution_id)
        else:
            target = _previous_successful_execution(deployed, stage)
        started = start_rollback(deployed, stage, target)
        click.echo(f"{stage} is rolled back to {target} by execution {started}", err=json_file == STDOUT)
        return follow_to_end(space, started, verdict=verdict, json_file=json_file, stops=True)


def _previous_successful_execution(deployed: Deployment, stage: str) -> str:
    """The newest execution that succeeded in the stage, without the stage's latest one and without rollbacks."""
    api, name = deployed.api(), deployed.key.name
    states = {state["stageName"]: state for state in api.get_pipeline_state(name=name)["stageStates"]}
    if stage not in states:
        raise WrongUse(f"{stage}: {name} has no such stage; there are {', '.join(states)}")
    latest = states[stage].get("latestExecution", {}).get("pipelineExecutionId")
    for execution in successful_executions(deployed, stage):
        if execution != latest:
            return execution
    raise WrongUse(
        f"no execution before {latest or 'the first one'} has succeeded in {stage} with the current version of the"
        " pipeline, and is not a rollback itself: revert the change and push"
    )
