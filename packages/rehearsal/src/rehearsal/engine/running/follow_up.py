"""What follows an execution by itself; where it cannot, the execution's summary says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.running import eligibility
from rehearsal.engine.running.stage_lock import PARALLEL
from rehearsal.engine.running.start_inputs import restart_inputs
from rehearsal.engine.state.execution import Execution

if TYPE_CHECKING:
    from rehearsal.engine.engine import Engine

RESTART = {"triggerType": "StartPipelineExecution", "triggerDetail": "RestartExecutionOnUpdate"}


def restart_after_update(engine: Engine, execution: Execution) -> str | None:
    """The id of the execution that an update of the definition starts in this one's place."""
    deployed = engine.pipelines.get(execution.key)
    if not execution.restart_wanted or deployed is None:
        return None
    variables, revisions = restart_inputs(deployed.pipeline, execution)
    try:
        return engine.start(
            execution.key, trigger=RESTART, variables=variables, revisions=revisions, restart_of=execution.id
        ).id
    except RequestRejected as error:
        execution.summary += f"; it was not started again: {error}"
        return None


def roll_back_failed_stage(engine: Engine, execution: Execution) -> str | None:
    """The id of the execution that rolls the failed stage back."""
    stage = execution.rollback_wanted
    deployed = engine.pipelines.get(execution.key)
    final = execution.rollback_of or execution.pipeline.execution_mode == PARALLEL
    if stage is None or deployed is None or final:
        return None
    try:
        target = eligibility.find_rollback_target(
            deployed.pipeline, deployed.version, stage, engine.executions_of(execution.key), execution
        )
        return engine.rollback(execution.key, stage, target, automated=True).id
    except RequestRejected as error:
        execution.summary += f"; it was not rolled back: {error}"
        return None
