"""Automatic restarts and rollbacks after an execution; if one is refused, the execution's summary says so."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.definition import PARALLEL
from rehearsal.engine.running import eligibility
from rehearsal.engine.running.execution_writer import ExecutionWriter
from rehearsal.engine.running.pipeline_executions import PipelineExecutions
from rehearsal.engine.running.start_inputs import restart_inputs
from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.pipeline import DeployedPipeline

RESTART = {"triggerType": "StartPipelineExecution", "triggerDetail": "RestartExecutionOnUpdate"}


@dataclass(frozen=True)
class FollowUp:
    """The ids of the executions that follow. note: appended to the summary of the execution that has ended."""

    restarted_as: str | None = None
    rolled_back_as: str | None = None
    note: str = ""


def start_what_follows(
    deployed: DeployedPipeline | None, executions: PipelineExecutions, ended: ExecutionWriter
) -> FollowUp:
    """Start the restart of an execution that an update has cancelled, or the rollback of its failed stage."""
    state, rollback = ended.state, ended.result.rollback if ended.result else None
    if deployed is None:
        return FollowUp()
    try:
        if ended.restart_wanted:
            return FollowUp(restarted_as=_restart(deployed, executions, state))
        if rollback and not (state.ending or state.pipeline.execution_mode == PARALLEL):
            return _roll_back(deployed, executions, state, rollback)
    except RequestRejected as error:
        if ended.restart_wanted:
            return FollowUp(note=f"; it was not started again: {error}")
        return FollowUp(note=f"; {rollback} was not rolled back, and keeps what was deployed: {error}")
    return FollowUp()


def _restart(deployed: DeployedPipeline, executions: PipelineExecutions, ended: Execution) -> str:
    variables, revisions = restart_inputs(deployed.pipeline, ended)
    return executions.start(trigger=RESTART, variables=variables, revisions=revisions, restart_of=ended.id).id


def _roll_back(deployed: DeployedPipeline, executions: PipelineExecutions, ended: Execution, stage: str) -> FollowUp:
    eligibility.check_no_rollback(ended)
    candidates = [
        writer.state
        for writer in executions.writers.values()
        if writer.state.id != ended.id and writer.record.has_journal
    ]
    target = eligibility.find_rollback_target(deployed, stage, candidates)
    started = executions.rollback(stage, target.id, _automated_rollback(ended.id))
    return FollowUp(rolled_back_as=started.id, note=_doubt(stage, target, candidates))


def _doubt(stage: str, target: Execution, executions: Sequence[Execution]) -> str:
    """Return a note where CodePipeline may not take this target: it is older than the last success in the stage."""
    if eligibility.has_succeeded_since(target, stage, executions):
        return (
            f"; the last success in {stage} was a rollback, which cannot be a target:"
            " CodePipeline does not say whether it takes an earlier one, as it was done here"
        )
    return ""


def manual_rollback(caller: str) -> Mapping[str, str]:
    """Return the trigger of a rollback that `caller`, an ARN, starts."""
    return {"triggerType": "ManualRollback", "triggerDetail": caller}


def _automated_rollback(failed: str) -> Mapping[str, str]:
    """Return the trigger of the rollback of a failed execution.

    Source: AWS CodePipeline user guide, "View rollback status in execution listing".
    """
    detail = json.dumps({"FailedPipelineExecutionId": failed}, separators=(",", ":"))
    return {"triggerType": "AutomatedRollback", "triggerDetail": detail}
