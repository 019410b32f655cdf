"""The actions of one run order while they run, and a retry of those that have failed meanwhile.

Source: AWS CodePipeline API reference, "RetryStageExecution": actions that are still in progress continue working, and
failed actions are triggered again.
"""

from __future__ import annotations

import threading


class RetryBarrier:
    """Each of `count` actions calls `wait_for_retry` when it has ended."""

    def __init__(self, count: int) -> None:
        self._changed = threading.Condition()
        self._running, self._failed, self._retries = count, 0, 0

    def wait_for_retry(self, *, failed: bool) -> bool:
        """Whether the action is to run once more: one that failed waits for a retry while others still run."""
        with self._changed:
            self._running -= 1
            self._failed += failed
            self._changed.notify_all()
            if not failed:
                return False
            retries = self._retries
            self._changed.wait_for(lambda: not self._running or self._retries > retries)
            return self._retries > retries

    def retry(self) -> bool:
        """Let those run again that have failed; False where none has, or where no action runs any more."""
        with self._changed:
            if not (self._running and self._failed):
                return False
            self._running, self._failed, self._retries = self._running + self._failed, 0, self._retries + 1
            self._changed.notify_all()
            return True
