"""The writer of one execution: only it appends to the execution's journal and changes the execution's state.

Its methods are called in the engine's thread, by the pipeline's writer and as messages of workers and timers. It sends
messages to the pipeline's writer, and never waits for an answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.definition import Stage
from rehearsal.engine.running.attempts import Attempts
from rehearsal.engine.running.context import Context
from rehearsal.engine.running.execution_record import ExecutionRecord
from rehearsal.engine.running.pipeline_run import PipelineRun, RunResult
from rehearsal.engine.running.work_folders import remove_discarded_files
from rehearsal.engine.state.execution import AttemptKey, Execution, ExecutionStatus

log = logging.getLogger(__name__)


class PipelinePort(Protocol):
    """The pipeline's writer, as its executions see it: each method is sent as a message."""

    def request_stage(self, execution: str, stage: str) -> None: ...

    def leave_stage(self, execution: str, stage: str, following: str) -> None: ...

    def execution_ended(self, execution: str) -> None: ...


class ExecutionWriter:
    """Holds the record of an execution, its running attempts and its run through the stages.

    restart_wanted: start it again after its end, because of an update. result: set when nothing runs any more.
    """

    def __init__(self, context: Context, pipeline: PipelinePort, state: Execution) -> None:
        self.record = ExecutionRecord(context, state)
        self.attempts = Attempts(context, self.record, self.attempt_ended)
        self.restart_wanted = False
        self.result: RunResult | None = None
        self._context, self._pipeline = context, pipeline
        self._run: PipelineRun | None = None
        self._discarded: list[Path] = []
        self._is_reported = False

    @property
    def state(self) -> Execution:
        return self.record.state

    def begin(self, stages: Sequence[Stage], retry_mode: str | None = None) -> None:
        """Run the stages. The caller has written the event that starts or resumes the execution."""
        self.restart_wanted, self.result, self._is_reported = False, None, False
        self._run = PipelineRun(self.record, self.attempts, self, stages, retry_mode)
        self._advance()

    def stop(self, reason: str, *, abandon: bool) -> None:
        """Stop the execution after its running actions have ended; with `abandon`, end them too.

        Raises RequestRejected where it has ended already, or was stopped in the same way before.
        Source: AWS CodePipeline user guide, "How pipeline executions are stopped".
        """
        state = self.state
        if not state.running:
            raise RequestRejected("PipelineExecutionNotStoppableException", f"{state.id} is {state.status}")
        if state.status == "Stopping" and (not abandon or state.abandoned):
            raise RequestRejected("DuplicatedStopRequestException", f"{state.id} is Stopping already")
        self.restart_wanted = False
        self.record.write("execution-stopping", abandon=abandon, reason=reason)
        if abandon:
            self.attempts.cancel()
        self._advance()

    def end_as(self, status: ExecutionStatus, summary: str, *, abandon: Sequence[AttemptKey] = ()) -> None:
        """End with `status` after the running actions have ended; end those in `abandon` immediately."""
        self.record.write("execution-ending", ending=status, summary=summary)
        self.attempts.cancel(abandon)
        self._advance()

    def wait_for_stage(self, stage: str) -> None:
        """Record that the execution waits for a stage."""
        if self.state.waits_for != stage:
            self.record.write("execution-waiting", stage=stage)

    def enter_stage(self, stage: str) -> None:
        """Continue in `stage`, which the stage's lock has admitted the execution to."""
        if self._run:
            self._run.enter(stage)
            self._advance()

    def supersede(self) -> None:
        """End the execution, because a newer one waits for the same stage."""
        if self._run:
            self._run.supersede()
            self._advance()

    def retry_while_running(self, stage: str) -> bool:
        """Start the failed actions of a stage again while others still run. False where that is not possible."""
        state = self.state.stages.get(stage)
        inside = state is not None and state.status == "InProgress" and not self.state.ending
        if not (inside and self._run and self._run.retry_failed_actions()):
            return False
        self.record.write("execution-retried", stage=stage)
        return True

    def override(self, stage: str, kind: str) -> None:
        """Stop checking the stage's conditions of this kind; only their rules run now, and are cancelled."""
        self.record.write("condition-overridden", stage=stage, condition=kind)
        self.attempts.cancel()
        self._advance()

    def finish(self, *, restarted_as: str | None, rolled_back_as: str | None, note: str = "") -> None:
        """Write the last event, with the ids of the executions that follow. No attempt runs any more."""
        state, result = self.state, self.result or RunResult("Failed")
        remove_discarded_files(self.record.folder, self._discarded)
        self._discarded = []
        self.record.write(
            "execution-finished",
            status=state.ending or result.status,
            summary=(state.summary if state.ending else result.summary) + note,
            seconds=time.time() - state.started,
            restarted_as=restarted_as,
            rolled_back_as=rolled_back_as,
        )
        self.record.close()

    def request_stage(self, stage: str) -> None:
        self._send(self._pipeline.request_stage, stage)

    def leave_stage(self, stage: str, following: str) -> None:
        self._send(self._pipeline.leave_stage, stage, following)

    def attempt_ended(self, discarded: Path | None) -> None:
        """Continue after the end of an attempt. discarded: a folder with files that are not needed any more."""
        if discarded:
            self._discarded.append(discarded)
        self._advance()
        self._report_end()

    def _send[*Arguments](self, message: Callable[[str, *Arguments], None], *arguments: *Arguments) -> None:
        self._context.scheduler.post(partial(message, self.state.id, *arguments))

    def _advance(self) -> None:
        """Continue until the next wait."""
        if self._run is None:
            return
        try:
            result = self._run.advance()
        except Exception as error:
            log.exception("execution %s", self.state.id)
            result = RunResult("Failed", f"the rehearsal's engine failed ({error}); its log says more")
        if result:
            self._complete(result)

    def _complete(self, result: RunResult) -> None:
        self._run, self.result = None, result
        self.attempts.cancel()
        self._report_end()

    def _report_end(self) -> None:
        """Report the end to the pipeline as soon as no attempt runs any more."""
        if self.result and not self.attempts.running and not self._is_reported:
            self._is_reported = True
            self._send(self._pipeline.execution_ended)
