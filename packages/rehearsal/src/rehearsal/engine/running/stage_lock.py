"""The lock of a stage, which admits one execution at a time, and the queue of those that wait.

Sources: AWS CodePipeline user guide, "How pipeline executions work", "Change transitions between stages".
"""

from __future__ import annotations

from dataclasses import dataclass

from rehearsal.engine.model.definition import PARALLEL, SUPERSEDED


@dataclass(frozen=True)
class WaitingExecution:
    """An execution in the queue of a stage. execution: its id. number: newer executions have greater ones."""

    number: int
    execution: str
    mode: str = SUPERSEDED


@dataclass(frozen=True)
class Admission:
    """The ids of the executions that enter the stage, are superseded, or still wait."""

    entered: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


class StageLock:
    """The execution in a stage, and those that wait. It only decides: its owner notifies the executions."""

    def __init__(self) -> None:
        self._inside: str | None = None
        self._waiting: dict[int, WaitingExecution] = {}

    @property
    def is_unused(self) -> bool:
        """Whether no execution is in the stage or waits for it."""
        return self._inside is None and not self._waiting

    def arrive(self, waiting: WaitingExecution) -> None:
        """Queue an execution for the stage."""
        self._waiting[waiting.number] = waiting

    def leave(self, execution: str) -> None:
        """Remove an execution from the stage and from its queue."""
        if self._inside == execution:
            self._inside = None
        self._waiting = {number: waiting for number, waiting in self._waiting.items() if waiting.execution != execution}

    def admit(self, *, disabled: bool) -> Admission:
        """Admit the executions that can enter now.

        SUPERSEDED: the newest of those that wait enters, the others are superseded. QUEUED: the oldest enters first.
        PARALLEL: all enter.
        """
        superseded = self._take([waiting for waiting in self._waiting.values() if self._is_overtaken(waiting)])
        entered = () if disabled else self._take(self._next())
        return Admission(
            entered, superseded, tuple(self._waiting[number].execution for number in sorted(self._waiting))
        )

    def _is_overtaken(self, waiting: WaitingExecution) -> bool:
        return waiting.mode == SUPERSEDED and max(self._waiting) > waiting.number

    def _next(self) -> list[WaitingExecution]:
        if not self._waiting:
            return []
        parallel = [waiting for waiting in self._waiting.values() if waiting.mode == PARALLEL]
        if parallel or self._inside is not None:
            return parallel
        oldest = self._waiting[min(self._waiting)]
        self._inside = oldest.execution
        return [oldest]

    def _take(self, executions: list[WaitingExecution]) -> tuple[str, ...]:
        for waiting in executions:
            del self._waiting[waiting.number]
        return tuple(waiting.execution for waiting in executions)
