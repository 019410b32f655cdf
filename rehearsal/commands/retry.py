"""`retry`: take a failed execution up again at the stage where it failed."""

from __future__ import annotations

from pathlib import Path

import click

from rehearsal.commands.calls import answered
from rehearsal.commands.finish import finish, verdict_options
from rehearsal.commands.names import EXECUTION, STAGE
from rehearsal.commands.output import JSON_FILE
from rehearsal.commands.project import execution, in_project, viewing
from rehearsal.commands.watch import current_ending
from rehearsal.errors import WrongUse
from rehearsal.views.state import recorded
from rehearsal.workspace import Workspace


@click.command()
@click.argument("stage", required=False, type=STAGE)
@click.option("--execution", "wanted", metavar="ID", type=EXECUTION, help="Of this execution (default: the latest).")
@click.option("--all-actions", is_flag=True, help="Run the stage's other actions again as well.")
@verdict_options
@JSON_FILE
@in_project
def retry(
    space: Workspace,
    stage: str | None,
    wanted: str | None,
    verdict: str | None,
    json_file: Path | None,
    *,
    all_actions: bool,
) -> int:
    """Run the failed actions of STAGE again, and follow the execution to its end; without STAGE, of the failed one."""
    with viewing(space) as deployed:
        which = execution(space, wanted)
        failed = stage or _failed(space, which)
        ending = current_ending(space, which) + 1
        with answered("RetryStageExecution"):
            deployed.api().retry_stage_execution(
                pipelineName=deployed.key.name,
                stageName=failed,
                pipelineExecutionId=which,
                retryMode="ALL_ACTIONS" if all_actions else "FAILED_ACTIONS",
            )
        return finish(space, which, verdict=verdict, json_file=json_file, ending=ending, stops=True)


def _failed(space: Workspace, which: str) -> str:
    for stage in recorded(space, which).stages:
        if stage.status in ("Failed", "Stopped"):
            return stage.name
    raise WrongUse(f"no stage of execution {which} has failed; `python -m rehearsal history` lists other executions")
