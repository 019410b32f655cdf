"""`rollback`: run a stage again with what an earlier execution brought to it."""

from __future__ import annotations

import click

from rehearsal.commands.calls import answered
from rehearsal.commands.finish import finish, verdict_options
from rehearsal.commands.names import EXECUTION, STAGE
from rehearsal.commands.project import execution, in_project, running
from rehearsal.deployment import Deployment
from rehearsal.errors import WrongUse
from rehearsal.workspace import Workspace


@click.command()
@click.argument("stage", type=STAGE)
@click.argument("wanted", metavar="[ID]", required=False, type=EXECUTION)
@verdict_options
@in_project
def rollback(space: Workspace, stage: str, wanted: str | None, verdict: str | None) -> int:
    """Roll STAGE back to execution ID, or to the one that last succeeded in it before the present one."""
    deployed = running(space)
    target = execution(space, wanted) if wanted else _before(deployed, stage)
    with answered("RollbackStage"):
        started = deployed.api().rollback_stage(
            pipelineName=deployed.key.name, stageName=stage, targetPipelineExecutionId=target
        )["pipelineExecutionId"]
    click.echo(f"{stage} is rolled back to {target} by execution {started}")
    return finish(space, started, verdict=verdict, stops=True)


def _before(deployed: Deployment, stage: str) -> str:
    """The newest execution that succeeded in the stage, but for the one that is in it now and for rollbacks."""
    api, name = deployed.api(), deployed.key.name
    states = {each["stageName"]: each for each in api.get_pipeline_state(name=name)["stageStates"]}
    if stage not in states:
        raise WrongUse(f"{stage}: {name} has no such stage; there are {', '.join(states)}")
    present = states[stage].get("latestExecution", {}).get("pipelineExecutionId")
    listed = api.list_pipeline_executions(pipelineName=name, filter={"succeededInStage": {"stageName": stage}})
    for each in listed["pipelineExecutionSummaries"]:
        if each["pipelineExecutionId"] != present and each.get("executionType") != "ROLLBACK":
            return str(each["pipelineExecutionId"])
    raise WrongUse(f"no execution before {present or 'the first one'} has succeeded in {stage}")
