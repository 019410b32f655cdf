"""Change notification between threads, without polling."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rehearsal.host.cancellation import Cancellation


class Changes:
    """Wakes waiting threads: call `notify` after a change that another thread may wait for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._number = 0
        self._callbacks: list[Callable[[], object]] = []

    def notify(self) -> None:
        """Wake every waiting thread, and call every callback."""
        with self._changed:
            self._number += 1
            self._changed.notify_all()
            callbacks = [*self._callbacks]
        for callback in callbacks:
            callback()

    @contextmanager
    def calls(self, callback: Callable[[], object]) -> Iterator[None]:
        """Call `callback` now and after each change, while the block runs."""
        with self._changed:
            self._callbacks.append(callback)
        try:
            callback()
            yield
        finally:
            with self._changed:
                self._callbacks.remove(callback)

    def moments(self, stop: Cancellation, remaining: Callable[[], float] = lambda: math.inf) -> Iterator[None]:
        """Yield now, after each change, and a last time when `stop` is set or the time is over.

        remaining: returns the remaining seconds; called again after each change.
        """
        with stop.calls(self.notify):
            is_last = False
            while not is_last:
                number, seconds = self._number, remaining()
                is_last = stop.is_set() or seconds <= 0
                yield
                if not is_last:
                    self._await_change(number, seconds)

    def _await_change(self, number: int, seconds: float) -> None:
        limit = None if math.isinf(seconds) else seconds
        with self._changed:
            self._changed.wait_for(lambda: self._number != number, limit)
