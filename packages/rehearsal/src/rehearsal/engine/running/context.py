"""The objects that all writers of one engine share."""

from __future__ import annotations

from dataclasses import dataclass

from rehearsal.engine.running.environment import Environment
from rehearsal.engine.running.notifier import Notifier
from rehearsal.engine.running.scheduler import Scheduler
from rehearsal.engine.state.board import Board


@dataclass(frozen=True)
class Context:
    """The environment, the message queue, the published snapshot and the listener's queue."""

    env: Environment
    scheduler: Scheduler
    board: Board
    notifier: Notifier

    def publish(self) -> None:
        """Publish the changes of one message, then pass its events to the listener."""
        self.board.publish()
        self.notifier.release()
