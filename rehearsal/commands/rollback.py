"""`rollback`: run a stage again with what an earlier execution brought to it."""

from __future__ import annotations

from pathlib import Path

import click

from rehearsal.commands.finish import finish, verdict_options
from rehearsal.commands.names import EXECUTION, STAGE
from rehearsal.commands.output import JSON_FILE, STDOUT
from rehearsal.commands.part import rolled_back, successes
from rehearsal.commands.project import execution, in_project, viewing
from rehearsal.deployment import Deployment
from rehearsal.errors import WrongUse
from rehearsal.workspace import Workspace


@click.command()
@click.argument("stage", type=STAGE)
@click.argument("wanted", metavar="[ID]", required=False, type=EXECUTION)
@verdict_options
@JSON_FILE
@in_project
def rollback(space: Workspace, stage: str, wanted: str | None, verdict: str | None, json_file: Path | None) -> int:
    """Roll STAGE back to execution ID, or to the one that last succeeded in it before the present one."""
    with viewing(space) as deployed:
        target = execution(space, wanted) if wanted else _before(deployed, stage)
        started = rolled_back(deployed, stage, target)
        click.echo(f"{stage} is rolled back to {target} by execution {started}", err=json_file == STDOUT)
        return finish(space, started, verdict=verdict, json_file=json_file, stops=True)


def _before(deployed: Deployment, stage: str) -> str:
    """The newest execution that succeeded in the stage, but for the one that is in it now and for rollbacks."""
    api, name = deployed.api(), deployed.key.name
    states = {each["stageName"]: each for each in api.get_pipeline_state(name=name)["stageStates"]}
    if stage not in states:
        raise WrongUse(f"{stage}: {name} has no such stage; there are {', '.join(states)}")
    present = states[stage].get("latestExecution", {}).get("pipelineExecutionId")
    for each in successes(deployed, stage):
        if each != present:
            return each
    raise WrongUse(f"no execution before {present or 'the first one'} has succeeded in {stage}")
