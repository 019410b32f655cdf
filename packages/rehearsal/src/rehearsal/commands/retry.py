"""`retry`: retry a failed execution at the stage where it failed."""

from __future__ import annotations

from pathlib import Path

import click

from rehearsal.commands.api_errors import convert_api_errors
from rehearsal.commands.approval_answers import Verdict
from rehearsal.commands.completion_types import EXECUTION_OPTION, STAGE
from rehearsal.commands.context import open_deployment, resolve_execution, with_workspace
from rehearsal.commands.follow_to_end import follow_to_end, verdict_options
from rehearsal.commands.options import ACCEPT
from rehearsal.commands.output import JSON_FILE
from rehearsal.commands.watch import next_end
from rehearsal.errors import WrongUse
from rehearsal.views.execution_view import load_execution_view
from rehearsal.workspace.acceptances import AcceptedFile
from rehearsal.workspace.layout import Workspace


@click.command()
@click.argument("stage", required=False, type=STAGE)
@EXECUTION_OPTION
@click.option("--all-actions", is_flag=True, help="Run the stage's other actions again as well.")
@ACCEPT
@verdict_options
@JSON_FILE
@with_workspace
def retry(
    space: Workspace,
    stage: str | None,
    execution_id: str | None,
    verdict: Verdict | None,
    json_file: Path | None,
    *,
    names: tuple[str, ...],
    all_actions: bool,
) -> int:
    """Run the failed actions of STAGE again, and follow the execution to its end; without STAGE, of the failed one."""
    AcceptedFile(space).add(names)
    with open_deployment(space) as deployed:
        which = resolve_execution(space, execution_id)
        failed = stage or _failed_stage(space, which)
        end = next_end(space, which) + 1
        with convert_api_errors("RetryStageExecution"):
            deployed.api().retry_stage_execution(
                pipelineName=deployed.key.name,
                stageName=failed,
                pipelineExecutionId=which,
                retryMode="ALL_ACTIONS" if all_actions else "FAILED_ACTIONS",
            )
        return follow_to_end(space, which, verdict=verdict, json_file=json_file, end=end, stops=True)


def _failed_stage(space: Workspace, which: str) -> str:
    for stage in load_execution_view(space, which).stages:
        if stage.status in ("Failed", "Stopped"):
            return stage.name
    raise WrongUse(f"no stage of execution {which} has failed; `rehearse history` lists other executions")
