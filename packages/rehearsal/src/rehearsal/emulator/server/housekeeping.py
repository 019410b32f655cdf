"""Frees disk space after each execution, so that an embedded AWS that runs for long does not fill the disk."""

from __future__ import annotations

import logging

from rehearsal.engine.running.environment import Listener
from rehearsal.engine.state.events import Event
from rehearsal.engine.state.execution import Execution
from rehearsal.project import configuration
from rehearsal.workspace import retention
from rehearsal.workspace.layout import Workspace

log = logging.getLogger(__name__)


class Housekeeping:
    """A listener of the engine, whose events come one after the other; it calls another listener first."""

    def __init__(self, space: Workspace, listener: Listener) -> None:
        self._space, self._listener = space, listener

    def __call__(self, execution: Execution, event: Event) -> None:
        self._listener(execution, event)
        if event["type"] == "execution-finished":
            self._space.remove_failed_work_folders()
            limit = configuration.read_config(self._space.root).disk_gigabytes
            for message in retention.enforce_disk_limit(self._space, int(limit * 10**9)):
                log.warning(message)
