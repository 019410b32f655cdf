"""A group of actions or rules that run in parallel, and the retry of failed ones while others still run.

Source: AWS CodePipeline API reference, "RetryStageExecution": actions that are still in progress continue working, and
failed actions are triggered again.
"""

from __future__ import annotations

from collections.abc import Iterable

from rehearsal.engine.model.definition import Action
from rehearsal.engine.running.attempts import Attempts
from rehearsal.engine.running.execution_record import ExecutionRecord
from rehearsal.engine.state.execution import ActionState, AttemptKey


class ActionGroup:
    """Starts all actions immediately, and keeps the latest attempt of each."""

    def __init__(self, record: ExecutionRecord, attempts: Attempts, stage: str, actions: Iterable[Action]) -> None:
        self._record, self._attempts, self._stage = record, attempts, stage
        self._latest: dict[str, AttemptKey] = {}
        for action in actions:
            self._start(action)

    def _start(self, action: Action) -> None:
        self._latest[action.name] = self._attempts.start(self._stage, action)

    @property
    def is_running(self) -> bool:
        return any(key in self._attempts.running for key in self._latest.values())

    def states(self) -> list[ActionState]:
        """Return the latest attempt of each action, in the order of the actions."""
        return [self._record.state.attempts[key] for key in self._latest.values()]

    def retry(self) -> bool:
        """Start the failed actions again. False where none has failed, or where no action runs any more."""
        failed = [state for state in self.states() if state.status == "Failed"]
        if not (failed and self.is_running):
            return False
        for state in failed:
            self._start(self._record.state.action_of(state))
        return True
