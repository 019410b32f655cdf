"""The lock of a stage: one execution at a time, and who waits is superseded by who comes later.

Source: AWS CodePipeline user guide, "How pipeline executions work".
"""

from __future__ import annotations

import threading


class Superseded(Exception):
    """A newer execution arrived while this one waited."""


class Stopped(Exception):
    """The execution was stopped or cancelled while it waited."""


class StageGate:
    """Entered by executions, each known by a number that grows with every start."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside: int | None = None
        self._waiting: set[int] = set()

    def enter(self, number: int, stop: threading.Event) -> None:
        """Wait for the stage to be free. Raises Superseded or Stopped; on a raise nothing is held."""
        with self._changed:
            self._waiting.add(number)
            self._changed.notify_all()
            try:
                while self._inside is not None:
                    self._check(number, stop)
                    self._changed.wait(0.2)
                self._check(number, stop)
                self._inside = number
            finally:
                self._waiting.discard(number)

    def _check(self, number: int, stop: threading.Event) -> None:
        if stop.is_set():
            raise Stopped
        if max(self._waiting) > number:
            raise Superseded

    def leave(self, number: int) -> None:
        with self._changed:
            if self._inside == number:
                self._inside = None
            self._changed.notify_all()
