"""The locks of all stages of a pipeline, and what their changes mean for its executions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rehearsal.engine.running.execution_writer import ExecutionWriter
from rehearsal.engine.running.stage_lock import Place, StageLock


class StageLocks:
    """Tells executions by their writers. is_disabled: whether the transition into a stage is disabled."""

    def __init__(self, executions: Mapping[str, ExecutionWriter], is_disabled: Callable[[str], bool]) -> None:
        self._executions, self._is_disabled = executions, is_disabled
        self._locks: dict[str, StageLock] = {}

    def enter(self, execution: str, stage: str, leaving: str | None = None) -> None:
        """Take a place before a stage before the one that the execution is in is left, so that none gets in between."""
        state = self._executions[execution].state
        self._lock(stage).arrive(Place(state.number, execution, state.pipeline.execution_mode))
        if leaving:
            self._lock(leaving).leave(execution)
            self.admit(leaving)
        self.admit(stage)

    def leave(self, execution: str) -> None:
        """Leave all stages, and all places before one."""
        for stage, lock in [*self._locks.items()]:
            lock.leave(execution)
            self.admit(stage)
            if lock.is_unused:
                del self._locks[stage]

    def admit(self, stage: str) -> None:
        """Tell the executions what a change of a stage's lock means for them."""
        admission = self._lock(stage).admit(disabled=self._is_disabled(stage))
        for execution in admission.waiting:
            self._executions[execution].wait_for_stage(stage)
        for execution in admission.superseded:
            self._executions[execution].supersede()
        for execution in admission.entered:
            self._executions[execution].enter_stage(stage)

    def _lock(self, stage: str) -> StageLock:
        return self._locks.setdefault(stage, StageLock())
