"""The lock of a stage: one execution at a time, and what becomes of those that wait.

Sources: AWS CodePipeline user guide, "How pipeline executions work", "Change transitions between stages".
"""

from __future__ import annotations

from dataclasses import dataclass

SUPERSEDED, QUEUED, PARALLEL = "SUPERSEDED", "QUEUED", "PARALLEL"


@dataclass(frozen=True)
class Place:
    """The place of an execution before a stage; its number grows with every start."""

    number: int
    execution: str
    mode: str = SUPERSEDED


@dataclass(frozen=True)
class Admission:
    """The consequences of a change of the lock, by ids of executions. waiting: those that still wait."""

    entered: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


class StageLock:
    """The execution in a stage, and those that wait. It only decides: its owner informs the executions."""

    def __init__(self) -> None:
        self._inside: str | None = None
        self._waiting: dict[int, Place] = {}

    @property
    def is_unused(self) -> bool:
        """Whether no execution is in the stage or waits for it."""
        return self._inside is None and not self._waiting

    def arrive(self, place: Place) -> None:
        """Take a place before the stage."""
        self._waiting[place.number] = place

    def leave(self, execution: str) -> None:
        """Leave the stage, or the place before it."""
        if self._inside == execution:
            self._inside = None
        self._waiting = {number: place for number, place in self._waiting.items() if place.execution != execution}

    def admit(self, *, disabled: bool) -> Admission:
        """Let in who can enter.

        SUPERSEDED: of those that wait, only the newest goes on. QUEUED: the oldest goes first. PARALLEL: none waits for
        another.
        """
        superseded = self._take([place for place in self._waiting.values() if self._is_overtaken(place)])
        entered = () if disabled else self._take(self._next())
        return Admission(
            entered, superseded, tuple(self._waiting[number].execution for number in sorted(self._waiting))
        )

    def _is_overtaken(self, place: Place) -> bool:
        return place.mode == SUPERSEDED and max(self._waiting) > place.number

    def _next(self) -> list[Place]:
        if not self._waiting:
            return []
        parallel = [place for place in self._waiting.values() if place.mode == PARALLEL]
        if parallel or self._inside is not None:
            return parallel
        oldest = self._waiting[min(self._waiting)]
        self._inside = oldest.execution
        return [oldest]

    def _take(self, places: list[Place]) -> tuple[str, ...]:
        for place in places:
            del self._waiting[place.number]
        return tuple(place.execution for place in places)
