"""The locks of all stages of a pipeline, and the notification of its executions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rehearsal.engine.running.execution_writer import ExecutionWriter
from rehearsal.engine.running.stage_lock import StageLock, WaitingExecution


class StageLocks:
    """The stage locks of one pipeline.

    executions: the writers by execution id, which changes of a lock are reported to. is_disabled: whether the
    transition into a stage is disabled.
    """

    def __init__(self, executions: Mapping[str, ExecutionWriter], is_disabled: Callable[[str], bool]) -> None:
        self._executions, self._is_disabled = executions, is_disabled
        self._locks: dict[str, StageLock] = {}

    def enter(self, execution: str, stage: str, leaving: str | None = None) -> None:
        """Queue an execution for a stage, then leave the stage `leaving`: no other execution gets in between."""
        state = self._executions[execution].state
        self._lock(stage).arrive(WaitingExecution(state.number, execution, state.pipeline.execution_mode))
        if leaving:
            self._lock(leaving).leave(execution)
            self.admit(leaving)
        self.admit(stage)

    def leave(self, execution: str) -> None:
        """Remove an execution from all stages and queues."""
        for stage, lock in [*self._locks.items()]:
            lock.leave(execution)
            self.admit(stage)
            if lock.is_unused:
                del self._locks[stage]

    def admit(self, stage: str) -> None:
        """Admit executions to a stage, and notify those that enter, wait or are superseded."""
        admission = self._lock(stage).admit(disabled=self._is_disabled(stage))
        for execution in admission.waiting:
            self._executions[execution].wait_for_stage(stage)
        for execution in admission.superseded:
            self._executions[execution].supersede()
        for execution in admission.entered:
            self._executions[execution].enter_stage(stage)

    def _lock(self, stage: str) -> StageLock:
        return self._locks.setdefault(stage, StageLock())
