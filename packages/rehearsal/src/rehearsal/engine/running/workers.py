"""The worker threads of actions: one per running action, and a few idle ones."""

from __future__ import annotations

import queue
import threading
from typing import Protocol

# Idle threads to keep: starting a thread takes longer than everything else that the engine does for an empty action.
SPARE = 4


class Work(Protocol):
    """The work of one thread. `run` raises nothing, and ends with a message to the engine."""

    def run(self) -> None: ...


class Workers:
    """A pool that starts a thread where none is idle. All are daemon threads; `join` waits for those that work."""

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
            if is_free:
                self._free -= 1
        if is_free:
            self._queue.put(work)
        else:
            threading.Thread(target=self._work, args=(work,), name="engine-action", daemon=True).start()

    def join(self) -> None:
        """Wait until no thread works, and end all threads."""
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
            if stays:
                self._free += 1
            return stays
