"""`run --until` and `run --from`: a part of the pipeline, by what CodePipeline has for it.

Until a stage: the transition behind it is closed, and the execution is stopped there. From a stage: each stage from
there on is rolled back to an execution that succeeded in all of them, which is how its artifacts come in again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from rehearsal.commands.calls import answered
from rehearsal.commands.finish import finish
from rehearsal.commands.project import execution, viewing
from rehearsal.deployment import Deployment
from rehearsal.errors import WrongUse
from rehearsal.workspace import Workspace

UNTIL = "rehearsed until "


@contextmanager
def closed_behind(deployed: Deployment, stage: str | None) -> Iterator[None]:
    """Let no execution go on beyond the stage, as long as the block runs. Raises WrongUse for an unknown stage."""
    following = _following(deployed, stage) if stage else None
    if following is None:
        yield
        return
    transition = {"pipelineName": deployed.key.name, "stageName": following, "transitionType": "Inbound"}
    deployed.api().disable_stage_transition(**transition, reason=f"{UNTIL}{stage}")
    try:
        yield
    finally:
        deployed.api().enable_stage_transition(**transition)


def reopen(deployed: Deployment) -> None:
    """Open what `closed_behind` left closed because its process was killed."""
    for stage in deployed.api().get_pipeline_state(name=deployed.key.name)["stageStates"]:
        if stage.get("inboundTransitionState", {}).get("disabledReason", "").startswith(UNTIL):
            deployed.api().enable_stage_transition(
                pipelineName=deployed.key.name, stageName=stage["stageName"], transitionType="Inbound"
            )


def run_from(
    space: Workspace, stage: str, *, until: str | None, wanted: str | None, verdict: str | None, port: int | None
) -> int:
    """Run the stages from `stage` to `until` (or the last) with what one execution brought; 0 if all succeed, or 1."""
    with viewing(space, port) as deployed:
        stages = _between(_names(deployed), stage, until)
        target = execution(space, wanted) if wanted else _succeeded(deployed, stages)
        for name in stages:
            with answered("RollbackStage"):
                started = deployed.api().rollback_stage(
                    pipelineName=deployed.key.name, stageName=name, targetPipelineExecutionId=target
                )["pipelineExecutionId"]
            click.echo(f"{name} with the artifacts of {target}: execution {started}")
            code = finish(space, started, verdict=verdict, stops=True)
            if code:
                return code
    return 0


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
    lists = [_successes(deployed, stage) for stage in stages]
    for each in lists[0]:
        if all(each in others for others in lists):
            return each
    raise WrongUse(
        f"no execution has succeeded in all of {', '.join(stages)}; `python -m rehearsal retry` takes a failed one up"
    )


def _successes(deployed: Deployment, stage: str) -> list[str]:
    listed: list[dict[str, Any]] = deployed.api().list_pipeline_executions(
        pipelineName=deployed.key.name, filter={"succeededInStage": {"stageName": stage}}
    )["pipelineExecutionSummaries"]
    return [each["pipelineExecutionId"] for each in listed if each.get("executionType") != "ROLLBACK"]
