"""Which executions the engine forgets, so that one that is open for weeks does not grow. Their journals stay."""

from __future__ import annotations

import collections
from collections.abc import Sequence

from rehearsal.engine.state.execution import Execution

KEPT_EXECUTIONS = 100
# Of each stage: the one that it is in, and the one that it can be rolled back to.
KEPT_SUCCESSES = 2


def surplus(executions: Sequence[Execution], version: int) -> list[str]:
    """Return the ids of executions that have ended, beyond the newest ones and those a stage can be rolled back to.

    executions: of one pipeline, oldest first. version: of its definition; only executions of it are rolled back to.
    """
    if len(executions) <= KEPT_EXECUTIONS:
        return []
    succeeded = collections.Counter[str]()
    found = []
    for position, execution in enumerate(reversed(executions)):
        is_target = False
        if execution.version == version and not execution.rollback_of:
            stages = [name for name, state in execution.stages.items() if state.status == "Succeeded"]
            is_target = any(succeeded[name] < KEPT_SUCCESSES for name in stages)
            succeeded.update(stages)
        if position >= KEPT_EXECUTIONS and not execution.running and not is_target:
            found.append(execution.id)
    return found
