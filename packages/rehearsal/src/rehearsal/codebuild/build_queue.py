"""The quota of concurrent builds of an account and region, and the queue of those that wait for it.

Sources: AWS CodeBuild user guide, "Quotas" (builds in a queue: five times the quota of concurrent builds); the message
is in github.com/aws/aws-cdk issue 27335.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from rehearsal.codebuild.build_record import BuildRecord
from rehearsal.codebuild.model import BuildResult, PhaseResult
from rehearsal.errors import RehearsalError
from rehearsal.host.cancellation import Cancellation
from rehearsal.project.configuration import Quota

Scope = tuple[str, str]  # account, region
Ending = Literal["started", "stopped", "timed out"]


class QueueFull(RehearsalError):
    """StartBuild is refused because the queue is full; the message is CodeBuild's."""


@dataclass
class _Waiting:
    scope: Scope
    running: bool = False


@dataclass
class BuildQueue:
    """Starts builds in the order of their arrival, within a quota per account and region.

    quota: returns the quota, None where builds never wait. Called when a build arrives and when one leaves.
    """

    quota: Callable[[], Quota | None] = lambda: None
    _builds: list[_Waiting] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def enter(self, scope: Scope) -> Turn:
        """Add a build to the queue of an account and region. Raises QueueFull."""
        quota = self.quota()
        with self._changed:
            build = _Waiting(scope)
            if quota and not self._is_free(scope, quota):
                waiting = [other for other in self._builds if other.scope == scope and not other.running]
                if len(waiting) >= quota.waiting:
                    raise QueueFull(f"Cannot have more than {quota.waiting} builds in queue for the account")
            else:
                build.running = True
            self._builds.append(build)
        return Turn(self, build)

    def _is_free(self, scope: Scope, quota: Quota) -> bool:
        return sum(build.running for build in self._builds if build.scope == scope) < quota.running

    def _next(self, scope: Scope) -> _Waiting | None:
        return next((build for build in self._builds if build.scope == scope and not build.running), None)

    def await_start(self, build: _Waiting, stop: Cancellation, seconds: float) -> Ending:
        with stop.calls(self._wake), self._changed:
            self._changed.wait_for(lambda: stop.is_set() or self._starts(build), seconds)
            if build.running:
                return "started"
            return "stopped" if stop.is_set() else "timed out"

    def _starts(self, build: _Waiting) -> bool:
        """Start the build if it is the next one and the quota allows it; return whether it runs."""
        quota = self.quota()
        if not build.running and self._next(build.scope) is build:
            build.running = quota is None or self._is_free(build.scope, quota)
            if build.running:
                self._changed.notify_all()
        return build.running

    def leave(self, build: _Waiting) -> None:
        with self._changed:
            self._builds.remove(build)
            self._changed.notify_all()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


class Turn:
    """A build's place in the queue, until `leave`."""

    def __init__(self, queue: BuildQueue, build: _Waiting) -> None:
        self._queue, self._build = queue, build

    @property
    def waits(self) -> bool:
        return not self._build.running

    def await_start(self, stop: Cancellation, seconds: float) -> Ending:
        """Wait until the build may run, `stop` is set or `seconds` have passed."""
        return self._queue.await_start(self._build, stop, seconds)

    def leave(self) -> None:
        """Leave the queue, after the build has ended or was not started."""
        self._queue.leave(self._build)


def queued_result(ending: Ending, entry: BuildRecord) -> BuildResult:
    """Return the result of a build that never left the queue, and write it to the build's record."""
    if ending == "stopped":
        queued = PhaseResult("QUEUED", "STOPPED", 0.0, "", "the build was stopped")
    else:
        queued = PhaseResult(
            "QUEUED", "TIMED_OUT", 0.0, "BUILD_QUEUED_TIMED_OUT", "the build waited longer than allowed"
        )
    entry.phase(queued)
    return BuildResult(queued.status, f"QUEUED: {queued.message}", (queued,))
