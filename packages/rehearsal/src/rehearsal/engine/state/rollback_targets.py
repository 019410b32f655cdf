"""Which executions have to be kept because a stage can be rolled back to them."""

from __future__ import annotations

import collections
from collections.abc import Set as AbstractSet

# Successful executions per stage: the latest one, and the one that the stage can be rolled back to.
KEPT_SUCCESSES = 2


class RollbackTargets:
    """Counts the successful executions of each stage, from the newest execution to the oldest."""

    def __init__(self) -> None:
        self._succeeded = collections.Counter[str]()

    def add(self, stages: AbstractSet[str]) -> bool:
        """Count an execution; return whether to keep it. stages: those in which it succeeded; none for a rollback."""
        is_target = any(self._succeeded[stage] < KEPT_SUCCESSES for stage in stages)
        self._succeeded.update(stages)
        return is_target
