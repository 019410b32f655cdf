"""The run of an execution through its stages, as a generator.

The generator yields wherever it has to wait. Its writer resumes it after every message, and it checks again whether it
can continue. So the code reads from top to bottom, and no thread waits.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

from rehearsal.engine.model.definition import Stage
from rehearsal.engine.running.attempts import Attempts
from rehearsal.engine.running.execution_record import ExecutionRecord
from rehearsal.engine.running.stage_run import StageResult, StageRun
from rehearsal.engine.state.execution import ExecutionStatus, StageState


class Transitions(Protocol):
    """Asks the pipeline for admission to stages; the answer is a later call of `PipelineRun.enter` or `supersede`."""

    def request_stage(self, stage: str) -> None: ...

    def leave_stage(self, stage: str, following: str) -> None:
        """Leave a stage and queue for the following one, in one message, so that no execution gets in between."""


@dataclass(frozen=True)
class RunResult:
    """How the stages ended. rollback: the failed stage that has to be rolled back."""

    status: ExecutionStatus
    summary: str = ""
    rollback: str | None = None


class PipelineRun:
    """One run through `stages`; a retry of the execution is another run.

    retry_mode: FAILED_ACTIONS or ALL_ACTIONS for a retry of the first stage, else None.
    """

    def __init__(
        self,
        record: ExecutionRecord,
        attempts: Attempts,
        transitions: Transitions,
        stages: Sequence[Stage],
        retry_mode: str | None,
    ) -> None:
        self._record, self._attempts, self._transitions = record, attempts, transitions
        self._entered: str | None = None
        self._is_superseded = False
        self._stage: StageRun | None = None
        self._steps = self._run_stages(stages, retry_mode)

    def advance(self) -> RunResult | None:
        """Run until the next wait; return the result after the last stage."""
        try:
            next(self._steps)
        except StopIteration as end:
            result: RunResult = end.value
            return result
        return None

    def enter(self, stage: str) -> None:
        """Continue in `stage` at the next `advance`: the stage's lock has admitted the execution."""
        self._entered = stage

    def supersede(self) -> None:
        """End at the next `advance`: a newer execution waits for the same stage."""
        self._is_superseded = True

    def retry_failed_actions(self) -> bool:
        """Start the failed actions of the stage again while others still run. False where that is not possible."""
        return self._stage is not None and self._stage.group is not None and self._stage.group.retry()

    def _run_stages(self, stages: Sequence[Stage], retry_mode: str | None) -> Generator[None, None, RunResult]:
        self._transitions.request_stage(stages[0].name)
        for position, stage in enumerate(stages):
            while self._entered != stage.name:
                if self._is_superseded:
                    return RunResult("Superseded", "a newer execution overtook this one while it waited")
                if self._record.state.ending:
                    return RunResult("Stopped")
                yield
            end = yield from self._run_stage(stage, retry_mode)
            if not end.is_passed:
                return RunResult("Failed", end.failure or "", stage.name if end.rollback else None)
            if position + 1 < len(stages):
                self._transitions.leave_stage(stage.name, stages[position + 1].name)
            retry_mode = None
        return RunResult("Succeeded")

    def _run_stage(self, stage: Stage, retry_mode: str | None) -> Generator[None, None, StageResult]:
        state = self._record.state.stages.get(stage.name, StageState())
        self._record.write("stage-started", stage=stage.name, attempt=state.attempt)
        began = time.time()
        self._stage = StageRun(self._record, self._attempts, stage)
        end = yield from self._stage.run(retry_mode)
        seconds = time.time() - began
        self._record.write("stage-finished", stage=stage.name, status=end.status, seconds=seconds, failure=end.failure)
        return end
