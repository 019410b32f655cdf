"""`run --until` and `run --from`: a part of the pipeline, by what CodePipeline has for it.

Until a stage: the transition behind it is closed, and the execution is stopped there. From a stage: each stage from
there on is rolled back to an execution that succeeded in all of them, which is how its artifacts come in again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from rehearsal.commands.calls import answered
from rehearsal.commands.finish import concluded, shown
from rehearsal.commands.output import STDOUT, spoken
from rehearsal.commands.project import execution, viewing
from rehearsal.commands.wanted import Wanted
from rehearsal.deployment import Deployment
from rehearsal.errors import WrongUse
from rehearsal.views.state import ExecutionView
from rehearsal.workspace import Workspace

# CodePipeline takes few characters here, fewer than in the name of a stage.
CLOSED = "a rehearsal ends before this stage"


@contextmanager
def closed_behind(deployed: Deployment, stage: str | None) -> Iterator[None]:
    """Let no execution go on beyond the stage, as long as the block runs. Raises WrongUse for an unknown stage."""
    following = _following(deployed, stage) if stage else None
    if following is None:
        yield
        return
    transition = {"pipelineName": deployed.key.name, "stageName": following, "transitionType": "Inbound"}
    deployed.api().disable_stage_transition(**transition, reason=CLOSED)
    try:
        yield
    finally:
        deployed.api().enable_stage_transition(**transition)


def reopen(deployed: Deployment) -> None:
    """Open what `closed_behind` left closed because its process was killed."""
    for stage in deployed.api().get_pipeline_state(name=deployed.key.name)["stageStates"]:
        if stage.get("inboundTransitionState", {}).get("disabledReason") == CLOSED:
            deployed.api().enable_stage_transition(
                pipelineName=deployed.key.name, stageName=stage["stageName"], transitionType="Inbound"
            )


def run_from(space: Workspace, wanted: Wanted) -> int:
    """Run the stages from one to another (or the last) with what one execution brought; 0 if all succeed, or 1."""
    began, views = time.monotonic(), list[ExecutionView]()
    with viewing(space, wanted.port) as deployed:
        stages = _between(_names(deployed), wanted.first or "", wanted.until)
        target = execution(space, wanted.execution) if wanted.execution else _succeeded(deployed, stages)
        for name in stages:
            started = rolled_back(deployed, name, target)
            said = f"{name} with the artifacts of {target}: execution {started}"
            click.echo(said, err=wanted.json_file == STDOUT)
            views += shown(space, spoken(wanted.json_file), started, verdict=wanted.verdict, stops=True)
            if views[-1].status != "Succeeded":
                break
        return concluded(space, views, time.monotonic() - began, wanted.json_file)


def rolled_back(deployed: Deployment, stage: str, target: str) -> str:
    """The execution that rolls a stage back to an earlier one. Raises WrongUse where the API refuses that."""
    with answered("RollbackStage"):
        started = deployed.api().rollback_stage(
            pipelineName=deployed.key.name, stageName=stage, targetPipelineExecutionId=target
        )
    return str(started["pipelineExecutionId"])


def _names(deployed: Deployment) -> list[str]:
    return [stage.name for stage in deployed.pipeline().stages]


def _following(deployed: Deployment, stage: str) -> str | None:
    names = _names(deployed)
    _check(names, stage)
    return next(iter(names[names.index(stage) + 1 :]), None)


def _check(names: Sequence[str], stage: str) -> None:
    if stage not in names:
        raise WrongUse(f"{stage}: there is no such stage; there are {', '.join(names)}")


def _between(names: Sequence[str], first: str, last: str | None) -> list[str]:
    last = last or names[-1]
    _check(names, first)
    _check(names, last)
    if first == names[0]:
        raise WrongUse(f"{first} is the source stage: leave --from out, and the working tree is pushed")
    if names.index(last) < names.index(first):
        raise WrongUse(f"{last} comes before {first}; the order is {', '.join(names)}")
    return list(names[names.index(first) : names.index(last) + 1])


def _succeeded(deployed: Deployment, stages: Sequence[str]) -> str:
    """The newest execution that succeeded in all the stages and is no rollback itself."""
    lists = [successes(deployed, stage) for stage in stages]
    for each in lists[0]:
        if all(each in others for others in lists):
            return each
    raise WrongUse(
        f"no execution has succeeded in all of {', '.join(stages)}; `python -m rehearsal retry` takes a failed one up"
    )


def successes(deployed: Deployment, stage: str) -> list[str]:
    """The executions that have succeeded in a stage and are no rollbacks themselves, newest first."""
    listed: list[dict[str, Any]] = deployed.api().list_pipeline_executions(
        pipelineName=deployed.key.name, filter={"succeededInStage": {"stageName": stage}}
    )["pipelineExecutionSummaries"]
    return [each["pipelineExecutionId"] for each in listed if each.get("executionType") != "ROLLBACK"]
