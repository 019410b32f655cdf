"""The lock of a stage: one execution at a time, and what becomes of those that wait.

Sources: AWS CodePipeline user guide, "How pipeline executions work", "Change transitions between stages".
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

SUPERSEDED, QUEUED, PARALLEL = "SUPERSEDED", "QUEUED", "PARALLEL"


class Superseded(Exception):
    """A newer execution arrived while this one waited."""


class Stopped(Exception):
    """The execution was stopped or cancelled while it waited."""


@dataclass(frozen=True)
class DisabledTransition:
    """Nothing passes the transition into a stage until it is enabled again."""

    reason: str
    by: str
    at: float


class StageLock:
    """Entered by executions, each known by a number that grows with every start."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside: int | None = None
        self._waiting: set[int] = set()
        self._disabled: DisabledTransition | None = None

    @property
    def disabled(self) -> DisabledTransition | None:
        return self._disabled

    @property
    def is_held(self) -> bool:
        return self._inside is not None

    def disable(self, reason: str, by: str) -> None:
        with self._changed:
            self._disabled = DisabledTransition(reason, by, time.time())

    def enable(self) -> None:
        with self._changed:
            self._disabled = None
            self._changed.notify_all()

    def announce(self, number: int) -> None:
        """Take a place among those that wait, before `enter` is called, so that no thread overtakes another."""
        with self._changed:
            self._waiting.add(number)
            self._changed.notify_all()

    def enter(self, number: int, ended: Callable[[], bool], mode: str = SUPERSEDED) -> None:
        """Wait for the stage to be free and its transition enabled.

        SUPERSEDED: of those that wait, the newest goes on; QUEUED: the oldest goes first; PARALLEL: none waits for
        another. Raises Superseded or Stopped; on a raise nothing is held.
        """
        with self._changed:
            self._waiting.add(number)
            self._changed.notify_all()
            try:
                while True:
                    self._check(number, ended, mode)
                    if self._is_free(number, mode):
                        break
                    self._changed.wait(0.2)
                if mode != PARALLEL:
                    self._inside = number
            finally:
                self._waiting.discard(number)
                self._changed.notify_all()

    def _check(self, number: int, ended: Callable[[], bool], mode: str) -> None:
        if ended():
            raise Stopped
        if mode == SUPERSEDED and max(self._waiting) > number:
            raise Superseded

    def _is_free(self, number: int, mode: str) -> bool:
        if self._disabled:
            return False
        if mode == PARALLEL:
            return True
        return self._inside is None and (mode == SUPERSEDED or min(self._waiting) == number)

    def leave(self, number: int) -> None:
        with self._changed:
            if self._inside == number:
                self._inside = None
            self._changed.notify_all()
