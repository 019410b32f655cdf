"""The objects that all writers of one engine share."""

from __future__ import annotations

from dataclasses import dataclass

from rehearsal.engine.running.environment import Environment
from rehearsal.engine.running.notifier import Notifier
from rehearsal.engine.running.scheduler import Scheduler
from rehearsal.engine.state.board import Board


@dataclass(frozen=True)
class Context:
    """The surroundings, the queue, the published snapshot and the listener."""

    env: Environment
    scheduler: Scheduler
    board: Board
    notifier: Notifier

    def publish(self) -> None:
        """Publish what a message has changed, and let the listener have the events."""
        self.board.publish()
        self.notifier.release()
