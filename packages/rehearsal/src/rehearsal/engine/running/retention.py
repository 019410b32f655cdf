"""Retention of executions in memory, so that an engine that runs for weeks does not grow. Journals are kept."""

from __future__ import annotations

from collections.abc import Sequence

from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.rollback_targets import RollbackTargets

KEPT_EXECUTIONS = 100


def surplus(executions: Sequence[Execution], version: int) -> list[str]:
    """Return the ids of executions to drop: all that have ended, except the newest and the targets of a rollback.

    executions: of one pipeline, oldest first. version: of its definition; only executions of this version can be the
    target of a rollback.
    """
    if len(executions) <= KEPT_EXECUTIONS:
        return []
    targets, dropped = RollbackTargets(), []
    for position, execution in enumerate(reversed(executions)):
        can_be_target = execution.version == version and not execution.origin.rollback_of
        is_target = targets.add(_succeeded_stages(execution) if can_be_target else set())
        if position >= KEPT_EXECUTIONS and not execution.running and not is_target:
            dropped.append(execution.id)
    return dropped


def _succeeded_stages(execution: Execution) -> set[str]:
    return {name for name, state in execution.stages.items() if state.status == "Succeeded"}
