"""Actions or rules that run at the same time, and a retry of those that fail while others run.

Source: AWS CodePipeline API reference, "RetryStageExecution": actions that are still in progress continue working, and
failed actions are triggered again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rehearsal.engine.model.definition import Action
from rehearsal.engine.state.execution import ActionState, AttemptKey

if TYPE_CHECKING:
    from rehearsal.engine.running.execution_writer import ExecutionWriter


class ActionGroup:
    """Starts all actions immediately; each has its latest attempt here."""

    def __init__(self, writer: ExecutionWriter, stage: str, actions: Iterable[Action]) -> None:
        self._writer, self._stage = writer, stage
        self._latest: dict[str, AttemptKey] = {}
        for action in actions:
            self._start(action)

    def _start(self, action: Action) -> None:
        self._latest[action.name] = self._writer.attempts.start(self._stage, action)

    @property
    def is_running(self) -> bool:
        return any(key in self._writer.attempts.running for key in self._latest.values())

    def states(self) -> list[ActionState]:
        """The latest attempts, in the order of the actions."""
        return [self._writer.state.attempts[key] for key in self._latest.values()]

    def retry(self) -> bool:
        """Start those again that have failed. False where none has, or where no action runs any more."""
        failed = [state for state in self.states() if state.status == "Failed"]
        if not (failed and self.is_running):
            return False
        for state in failed:
            self._start(self._writer.state.action_of(state))
        return True
