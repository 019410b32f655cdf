"""Threads in which actions work: one for each that runs, and a few that wait for the next one."""

from __future__ import annotations

import queue
import threading
from typing import Protocol

# Starting a thread takes longer than all else that the engine does for an empty action.
SPARE = 4


class Work(Protocol):
    """The work of one thread; it raises nothing, and its last act is a message to the engine."""

    def run(self) -> None: ...


class Workers:
    """Starts a thread where none is free. All are daemons: `join` waits for those that work."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._working = self._free = 0
        self._closed = False

    def spawn(self, work: Work) -> None:
        """Run `work` concurrently."""
        with self._changed:
            self._working += 1
            is_free = self._free > 0
            self._free -= is_free
        if is_free:
            self._queue.put(work)
        else:
            threading.Thread(target=self._work, args=(work,), name="engine-action", daemon=True).start()

    def join(self) -> None:
        """Wait until nothing works, and end all threads."""
        with self._changed:
            self._changed.wait_for(lambda: not self._working)
            self._closed = True
            for _ in range(self._free):
                self._queue.put(None)

    def _work(self, first: Work) -> None:
        work: Work | None = first
        while work:
            try:
                work.run()
            finally:
                stays = self._is_kept()
            work = self._queue.get() if stays else None

    def _is_kept(self) -> bool:
        with self._changed:
            self._working -= 1
            self._changed.notify_all()
            stays = self._free < SPARE and not self._closed
            self._free += stays
            return stays
