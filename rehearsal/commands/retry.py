"""`retry`: take a failed execution up again at the stage where it failed."""

from __future__ import annotations

import click

from rehearsal.commands.calls import answered
from rehearsal.commands.finish import finish, verdict_options
from rehearsal.commands.names import EXECUTION, STAGE
from rehearsal.commands.project import execution, in_project, running
from rehearsal.commands.watch import current_ending
from rehearsal.engine import journal
from rehearsal.errors import WrongUse
from rehearsal.views.state import replay
from rehearsal.workspace import Workspace


@click.command()
@click.argument("stage", required=False, type=STAGE)
@click.option("--execution", "wanted", metavar="ID", type=EXECUTION, help="Of this execution (default: the latest).")
@click.option("--all-actions", is_flag=True, help="Run the stage's other actions again as well.")
@verdict_options
@in_project
def retry(space: Workspace, stage: str | None, wanted: str | None, verdict: str | None, *, all_actions: bool) -> int:
    """Run the failed actions of STAGE again, and follow the execution to its end; without STAGE, of the failed one."""
    deployed, which = running(space), execution(space, wanted)
    failed = stage or _failed(space, which)
    ending = current_ending(space, which) + 1
    with answered("RetryStageExecution"):
        deployed.api().retry_stage_execution(
            pipelineName=deployed.key.name,
            stageName=failed,
            pipelineExecutionId=which,
            retryMode="ALL_ACTIONS" if all_actions else "FAILED_ACTIONS",
        )
    return finish(space, which, verdict=verdict, ending=ending, stops=True)


def _failed(space: Workspace, which: str) -> str:
    stages = replay(journal.read(space.journal(which))).stages
    for stage in stages:
        if stage.status in ("Failed", "Stopped"):
            return stage.name
    raise WrongUse(f"no stage of execution {which} has failed; `python -m rehearsal history` lists other executions")
