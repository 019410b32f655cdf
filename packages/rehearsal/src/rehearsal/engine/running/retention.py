"""Retention of executions in memory, so that an engine that runs for weeks does not grow. Journals are kept."""

from __future__ import annotations

import collections
from collections.abc import Sequence

from rehearsal.engine.state.execution import Execution

KEPT_EXECUTIONS = 100
# Successful executions per stage: the latest one, and the one that the stage can be rolled back to.
KEPT_SUCCESSES = 2


def surplus(executions: Sequence[Execution], version: int) -> list[str]:
    """Return the ids of executions to drop: all that have ended, except the newest and the targets of a rollback.

    executions: of one pipeline, oldest first. version: of its definition; only executions of this version can be the
    target of a rollback.
    """
    if len(executions) <= KEPT_EXECUTIONS:
        return []
    succeeded = collections.Counter[str]()
    dropped = []
    for position, execution in enumerate(reversed(executions)):
        is_target = False
        if execution.version == version and not execution.rollback_of:
            stages = [name for name, state in execution.stages.items() if state.status == "Succeeded"]
            is_target = any(succeeded[name] < KEPT_SUCCESSES for name in stages)
            succeeded.update(stages)
        if position >= KEPT_EXECUTIONS and not execution.running and not is_target:
            dropped.append(execution.id)
    return dropped
