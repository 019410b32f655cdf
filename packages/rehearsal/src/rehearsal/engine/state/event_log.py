"""Where an execution's events go: to its journal first, then to whoever listens."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

from rehearsal.engine.state.execution import Execution, Listener
from rehearsal.engine.state.journal import Journal

log = logging.getLogger(__name__)


class EventLog:
    """The events of one execution, from its start or its resumption to its end."""

    def __init__(self, execution: Execution, path: Path, listener: Listener) -> None:
        self._execution, self._listener = execution, listener
        self._journal = Journal(path)

    def write(self, type_: str, /, **fields: Any) -> None:
        """What is broken in a listener breaks no execution."""
        event = self._journal.write(type_, **fields)
        try:
            self._listener(self._execution, event)
        except Exception:
            log.exception("listener of %s", type_)

    def write_started(self) -> None:
        """The event that names the pipeline, its stages and their actions, so that a view needs nothing else."""
        execution = self._execution
        self.write(
            "execution-started",
            execution=execution.id,
            pipeline=execution.key.name,
            account=execution.key.account,
            region=execution.key.region,
            version=execution.version,
            mode=execution.pipeline.execution_mode,
            trigger=dict(execution.trigger),
            restart_of=execution.restart_of,
            rollback_of=execution.rollback_of,
            only=execution.only,
            stages=[
                {
                    "name": stage.name,
                    "actions": [{"name": each.name, "provider": str(each.type)} for each in stage.actions],
                }
                for stage in execution.pipeline.stages
            ],
        )

    def write_finished(self, restarted_as: str | None, rolled_back_as: str | None) -> None:
        execution = self._execution
        self.write(
            "execution-finished",
            status=execution.status,
            summary=execution.summary,
            seconds=time.time() - execution.started,
            restarted_as=restarted_as,
            rolled_back_as=rolled_back_as,
        )

    def close(self) -> None:
        self._journal.close()
