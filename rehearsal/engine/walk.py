"""The walk of an execution through its stages."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rehearsal.engine.definition import Stage
from rehearsal.engine.execution import Environment, Execution, StageState
from rehearsal.engine.gate import StageGate, Stopped, Superseded
from rehearsal.engine.stage import StageRun
from rehearsal.engine.trace import Trace

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Walk:
    """Takes one execution through `stages`; `gates` gives the lock of a stage by its name."""

    execution: Execution
    stages: Iterable[Stage]
    gates: Callable[[str], StageGate]
    env: Environment
    trace: Trace

    def run(self, retry_mode: str | None = None) -> None:
        """Go through every stage in turn and set the execution's final status; never raises.

        retry_mode: how the first of the stages is tried again; None on a first visit.
        """
        execution = self.execution
        try:
            for stage in self.stages:
                if not self._through(stage, retry_mode):
                    return
                retry_mode = None
            execution.status, execution.summary = "Succeeded", ""
        except Superseded:
            execution.status, execution.summary = "Superseded", "a newer execution overtook this one while it waited"
        except Stopped:
            execution.status = execution.ending or "Stopped"
        except Exception:
            log.exception("execution %s", execution.id)
            execution.status, execution.summary = "Failed", "the rehearsal's engine failed; its log says more"
        finally:
            execution.waits_for = None
            execution.updated = time.time()

    def _through(self, stage: Stage, retry_mode: str | None) -> bool:
        """Take the execution through one stage. False: it ends here, and its status is set."""
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
        finally:
            gate.leave(execution.number)
        if execution.ending:
            execution.status = execution.ending
        elif end.failure:
            execution.status, execution.summary = "Failed", end.failure
            execution.rollback_wanted = stage.name if end.rollback else None
        return end.status in ("Succeeded", "Skipped")
