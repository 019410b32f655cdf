"""Actions of accepted providers without a runner, which are recorded as not executed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from rehearsal.engine.action_api import ActionRunner, Outcome, Task
from rehearsal.engine.model.definition import ActionType
from rehearsal.workspace.acceptances import Accepted


class NotExecuted:
    """Succeeds without any work, and marks the outcome as not executed."""

    def run(self, task: Task) -> Outcome:
        summary = f"not executed: {task.action.type} was accepted"
        task.log.write_text(summary + "\n")
        return Outcome(failed=False, summary=summary, executed=False)


class Accepting(Mapping[ActionType, ActionRunner]):
    """The runners by action type, and NotExecuted for accepted providers. accepted: called at each look-up."""

    def __init__(self, runners: Mapping[ActionType, ActionRunner], accepted: Callable[[], Accepted]) -> None:
        self._runners, self._accepted = runners, accepted

    def __getitem__(self, type_: ActionType) -> ActionRunner:
        if type_ not in self._runners and self._accepted().takes(type_):
            return NotExecuted()
        return self._runners[type_]

    def __iter__(self) -> Iterator[ActionType]:
        return iter(self._runners)

    def __len__(self) -> int:
        return len(self._runners)
