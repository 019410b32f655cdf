"""`run --until` and `run --from`: a part of the pipeline, by operations of CodePipeline.

--until disables the transition after the stage, and stops the execution there. --from rolls back each stage from that
one on, to an execution that succeeded in all of them, so that they run with its artifacts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from rehearsal.commands.api_errors import convert_api_errors
from rehearsal.commands.context import open_deployment, resolve_execution
from rehearsal.commands.follow_to_end import follow_with_summary, write_result
from rehearsal.commands.output import STDOUT, output_console
from rehearsal.commands.run_options import RunOptions
from rehearsal.commands.transitions import DISABLED_REASON, disabled_transitions
from rehearsal.deploy.deployment import Deployment
from rehearsal.errors import WrongUse
from rehearsal.views.execution_view import ExecutionView
from rehearsal.workspace.layout import Workspace

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import EnableStageTransitionInputTypeDef


@contextmanager
def closed_transition(deployed: Deployment, stage: str | None) -> Iterator[None]:
    """Disable the transition after a stage during the block; None: no stage. Raises WrongUse for an unknown stage."""
    following = _next_stage(deployed, stage) if stage else None
    if following is None:
        yield
        return
    transition: EnableStageTransitionInputTypeDef = {
        "pipelineName": deployed.key.name,
        "stageName": following,
        "transitionType": "Inbound",
    }
    deployed.api().disable_stage_transition(**transition, reason=DISABLED_REASON)
    try:
        yield
    finally:
        deployed.api().enable_stage_transition(**transition)


def reopen_transitions(deployed: Deployment) -> None:
    """Enable the transitions that `closed_transition` has left disabled because its process was killed."""
    for stage, reason in disabled_transitions(deployed).items():
        if reason == DISABLED_REASON:
            deployed.api().enable_stage_transition(
                pipelineName=deployed.key.name, stageName=stage, transitionType="Inbound"
            )


def run_stages(space: Workspace, options: RunOptions) -> int:
    """Run the stages of --from to --until (or the last) with one execution's artifacts; return 0 if all succeed."""
    began, views = time.monotonic(), list[ExecutionView]()
    with open_deployment(space, options.port) as deployed:
        stages = _stage_range(_stage_names(deployed), options.first or "", options.until)
        target = (
            resolve_execution(space, options.execution)
            if options.execution
            else _latest_successful_execution(deployed, stages)
        )
        for name in stages:
            started = start_rollback(deployed, name, target)
            message = f"{name} with the artifacts of {target}: execution {started}"
            click.echo(message, err=options.json_file == STDOUT)
            views += follow_with_summary(
                space, output_console(options.json_file), started, verdict=options.verdict, stops=True
            )
            if views[-1].status != "Succeeded":
                break
        return write_result(space, views, time.monotonic() - began, options.json_file)


def start_rollback(deployed: Deployment, stage: str, target: str) -> str:
    """Roll back a stage to an earlier execution; return the new execution's id. Raises WrongUse."""
    with convert_api_errors("RollbackStage"):
        started = deployed.api().rollback_stage(
            pipelineName=deployed.key.name, stageName=stage, targetPipelineExecutionId=target
        )
    return str(started["pipelineExecutionId"])


def _stage_names(deployed: Deployment) -> list[str]:
    return [stage.name for stage in deployed.pipeline().stages]


def _next_stage(deployed: Deployment, stage: str) -> str | None:
    names = _stage_names(deployed)
    _check(names, stage)
    return next(iter(names[names.index(stage) + 1 :]), None)


def _check(names: Sequence[str], stage: str) -> None:
    if stage not in names:
        raise WrongUse(f"{stage}: there is no such stage; there are {', '.join(names)}")


def _stage_range(names: Sequence[str], first: str, last: str | None) -> list[str]:
    last = last or names[-1]
    _check(names, first)
    _check(names, last)
    if first == names[0]:
        raise WrongUse(f"{first} is the source stage: leave --from out, and the working tree is pushed")
    if names.index(last) < names.index(first):
        raise WrongUse(f"{last} comes before {first}; the order is {', '.join(names)}")
    return list(names[names.index(first) : names.index(last) + 1])


def _latest_successful_execution(deployed: Deployment, stages: Sequence[str]) -> str:
    """Return the newest execution that succeeded in all the stages and is not a rollback."""
    lists = [successful_executions(deployed, stage) for stage in stages]
    for execution in lists[0]:
        if all(execution in others for others in lists):
            return execution
    raise WrongUse(
        f"no execution has succeeded in all of {', '.join(stages)} with the current version of the pipeline;"
        " `rehearse retry` retries a failed one"
    )


def successful_executions(deployed: Deployment, stage: str) -> list[str]:
    """Return the executions that can be targets of a rollback of the stage, newest first.

    They have succeeded in the stage with the current version of the pipeline, and are not rollbacks themselves.
    """
    listed = deployed.api().list_pipeline_executions(
        pipelineName=deployed.key.name, filter={"succeededInStage": {"stageName": stage}}
    )["pipelineExecutionSummaries"]
    return [execution["pipelineExecutionId"] for execution in listed if execution.get("executionType") != "ROLLBACK"]
