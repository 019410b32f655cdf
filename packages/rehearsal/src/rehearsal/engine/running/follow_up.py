"""Automatic restarts and rollbacks after an execution; if one is refused, the execution's summary says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.running import eligibility
from rehearsal.engine.running.execution_writer import ExecutionWriter
from rehearsal.engine.running.stage_lock import PARALLEL
from rehearsal.engine.running.start_inputs import restart_inputs

if TYPE_CHECKING:
    from rehearsal.engine.running.pipeline_writer import PipelineWriter

RESTART = {"triggerType": "StartPipelineExecution", "triggerDetail": "RestartExecutionOnUpdate"}


@dataclass(frozen=True)
class FollowUp:
    """The ids of the executions that follow. note: appended to the summary of the execution that has ended."""

    restarted_as: str | None = None
    rolled_back_as: str | None = None
    note: str = ""


def start_what_follows(pipeline: PipelineWriter, ended: ExecutionWriter) -> FollowUp:
    """Start the restart of an execution that an update has cancelled, or the rollback of its failed stage."""
    state, rollback = ended.state, ended.result.rollback if ended.result else None
    if pipeline.deployed is None:
        return FollowUp()
    try:
        if ended.restart_wanted:
            return FollowUp(restarted_as=_restart(pipeline, ended))
        if rollback and not (state.ending or state.rollback_of or state.pipeline.execution_mode == PARALLEL):
            return FollowUp(rolled_back_as=_roll_back(pipeline, ended, rollback))
    except RequestRejected as error:
        what = "started again" if ended.restart_wanted else "rolled back"
        return FollowUp(note=f"; it was not {what}: {error}")
    return FollowUp()


def _restart(pipeline: PipelineWriter, ended: ExecutionWriter) -> str:
    variables, revisions = restart_inputs(pipeline.require().pipeline, ended.state)
    return pipeline.start(trigger=RESTART, variables=variables, revisions=revisions, restart_of=ended.state.id).id


def _roll_back(pipeline: PipelineWriter, ended: ExecutionWriter, stage: str) -> str:
    candidates = [writer.state for writer in pipeline.executions.values() if writer is not ended and writer.has_journal]
    target = eligibility.find_rollback_target(pipeline.require(), stage, candidates)
    return pipeline.rollback(stage, target.id, automated=True).id
