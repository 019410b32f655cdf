"""The run of an execution through its stages, as a generator.

The generator yields wherever it has to wait. Its writer resumes it after every message, and it checks again whether it
can continue. So the code reads from top to bottom, and no thread waits.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearsal.engine.model.definition import Stage
from rehearsal.engine.running.stage_run import StageResult, StageRun
from rehearsal.engine.state.execution import ExecutionStatus, StageState

if TYPE_CHECKING:
    from rehearsal.engine.running.execution_writer import ExecutionWriter


@dataclass(frozen=True)
class RunResult:
    """How the stages ended. rollback: the failed stage that has to be rolled back."""

    status: ExecutionStatus
    summary: str = ""
    rollback: str | None = None


def run_stages(
    writer: ExecutionWriter, stages: Sequence[Stage], retry_mode: str | None
) -> Generator[None, None, RunResult]:
    """Run every stage in turn. retry_mode: FAILED_ACTIONS or ALL_ACTIONS for a retry of the first stage, else None."""
    writer.request_stage(stages[0].name)
    for position, stage in enumerate(stages):
        while writer.entered != stage.name:
            if writer.is_superseded:
                return RunResult("Superseded", "a newer execution overtook this one while it waited")
            if writer.state.ending:
                return RunResult("Stopped")
            yield
        end = yield from _run_stage(writer, stage, retry_mode)
        if not end.is_passed:
            return RunResult("Failed", end.failure or "", stage.name if end.rollback else None)
        if position + 1 < len(stages):
            writer.leave_stage(stage.name, stages[position + 1].name)
        retry_mode = None
    return RunResult("Succeeded")


def _run_stage(writer: ExecutionWriter, stage: Stage, retry_mode: str | None) -> Generator[None, None, StageResult]:
    state = writer.state.stages.get(stage.name, StageState())
    writer.write("stage-started", stage=stage.name, attempt=state.attempt)
    began = time.time()
    end = yield from StageRun(writer, stage).run(retry_mode)
    seconds = time.time() - began
    writer.write("stage-finished", stage=stage.name, status=end.status, seconds=seconds, failure=end.failure)
    return end
