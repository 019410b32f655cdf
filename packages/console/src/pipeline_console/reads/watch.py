"""Watches the pipeline for all browsers: one poll, as long as a page is open."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from contextlib import suppress
from types import TracebackType

from pipeline_console.errors import Problem, ReadFailed
from pipeline_console.reads.client import Aws
from pipeline_console.reads.pipeline import ENDED, PipelineReads

# Seconds between polls: while an execution runs, and while none does.
RUNNING_SECONDS, IDLE_SECONDS, SLOWEST_SECONDS = 2.0, 6.0, 60.0
REHEARSED_SECONDS = 0.75
# After a throttled call, polls are this much rarer for as many seconds.
THROTTLED_FACTOR, THROTTLED_SECONDS = 8, 60.0
# The bars of running actions grow this often.
GROWS_SECONDS = 5.0
_LATEST = 10


class Watch:
    """Counts the changes of a pipeline. problem: why AWS does not answer; None while it does."""

    def __init__(self, aws: Aws, reads: PipelineReads, *, rehearsed: bool) -> None:
        self._aws, self._reads, self._rehearsed = aws, reads, rehearsed
        self._watchers = 0
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._seen = ""
        self._grown = 0.0
        self.version = 1
        self.running = False
        self.problem: Problem | None = None

    async def __aenter__(self) -> Watch:
        self._watchers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._poll())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watchers -= 1
        if self._watchers == 0 and self._task:
            self._task.cancel()
            self._task = None

    async def following(self, seen: int, seconds: float) -> int:
        """Return the version once it is another than `seen`, or after `seconds`."""
        async with self._changed:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._changed.wait_for(lambda: self.version != seen)
            return self.version

    @property
    def throttled(self) -> bool:
        """Whether AWS throttled a call lately."""
        return time.monotonic() - self._aws.throttled_at < THROTTLED_SECONDS

    @property
    def pause(self) -> float:
        """Seconds until the next poll."""
        usual = RUNNING_SECONDS if self.running else IDLE_SECONDS
        seconds = REHEARSED_SECONDS if self._rehearsed else usual
        return min(seconds * (THROTTLED_FACTOR if self.throttled else 1), SLOWEST_SECONDS)

    async def _poll(self) -> None:
        while True:
            try:
                seen, problem = await asyncio.to_thread(self._fingerprint), None
            except ReadFailed as failed:
                seen, problem = str(failed), failed.problem
            grown = self.running and time.monotonic() - self._grown > GROWS_SECONDS
            if seen != self._seen or grown:
                self._seen, self.problem, self._grown = seen, problem, time.monotonic()
                async with self._changed:
                    self.version += 1
                    self._changed.notify_all()
            await asyncio.sleep(self.pause)

    def _fingerprint(self) -> str:
        """Return a text that changes with the pipeline: each change of an execution is one of a stage's state too."""
        state = json.dumps(self._reads.state(), default=str, sort_keys=True)
        seen = hashlib.sha256(state.encode()).hexdigest()
        if seen != self._seen:
            latest = self._reads.executions(_LATEST)
            self.running = any(summary["status"] not in ENDED for summary in latest)
        return seen
