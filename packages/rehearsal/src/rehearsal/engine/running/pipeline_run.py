"""The walk of an execution through its stages."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rehearsal.engine.model.definition import Stage
from rehearsal.engine.running.stage_lock import StageLock, Stopped, Superseded
from rehearsal.engine.running.stage_run import StageResult, StageRun
from rehearsal.engine.state.event_log import EventLog
from rehearsal.engine.state.execution import Environment, Execution, StageState

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PipelineRun:
    """Takes one execution through `stages`; `gates` gives the lock of a stage by its name."""

    execution: Execution
    stages: Sequence[Stage]
    gates: Callable[[str], StageLock]
    env: Environment
    trace: EventLog

    def announce(self) -> None:
        """Take the execution's place before its first stage."""
        self.gates(self.stages[0].name).announce(self.execution.number)

    def run(self, retry_mode: str | None = None) -> None:
        """Go through every stage in turn and set the execution's final status; never raises.

        retry_mode: how the first of the stages is tried again; None on a first visit.
        """
        execution = self.execution
        try:
            for stage, following in zip_longest(self.stages, self.stages[1:]):
                end = self._run_stage(stage, following, retry_mode)
                if not end.is_passed:
                    execution.rollback_wanted = stage.name if end.rollback else None
                    execution.set_final_status("Failed", end.failure or "")
                    return
                retry_mode = None
            execution.set_final_status("Succeeded", "")
        except Superseded:
            execution.set_final_status("Superseded", "a newer execution overtook this one while it waited")
        except Stopped:
            execution.set_final_status("Stopped", "")
        except Exception as error:
            log.exception("execution %s", execution.id)
            execution.set_final_status("Failed", f"the rehearsal's engine failed ({error}); its log says more")

    def _run_stage(self, stage: Stage, following: Stage | None, retry_mode: str | None) -> StageResult:
        """Take the execution through one stage, as soon as its gate lets it in.

        It takes its place before the following stage while it still holds this one, so that nobody gets in between.
        """
        execution, gate = self.execution, self.gates(stage.name)
        execution.waits_for = stage.name
        gate.enter(execution.number, lambda: execution.ending is not None, execution.pipeline.execution_mode)
        execution.waits_for = None
        state = execution.stages.setdefault(stage.name, StageState())
        state.status = "InProgress"
        try:
            self.trace.write("stage-started", stage=stage.name, attempt=state.attempt)
            began = time.time()
            end = StageRun(execution, stage, self.env, self.trace).run(retry_mode)
            state.status = end.status
            seconds = time.time() - began
            self.trace.write(
                "stage-finished", stage=stage.name, status=end.status, seconds=seconds, failure=end.failure
            )
            if following and end.is_passed:
                self.gates(following.name).announce(execution.number)
        finally:
            gate.leave(execution.number)
        return end
