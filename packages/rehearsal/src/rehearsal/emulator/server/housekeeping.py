"""Looks after the disk whenever an execution has ended, so that an embedded AWS that is kept open does not fill it."""

from __future__ import annotations

import logging
import threading

from rehearsal.engine.running.environment import Listener
from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.journal import Event
from rehearsal.project import configuration
from rehearsal.workspace import retention
from rehearsal.workspace.layout import Workspace

log = logging.getLogger(__name__)


class Housekeeping:
    """A listener of the engine, in front of another one."""

    def __init__(self, space: Workspace, heard: Listener) -> None:
        self._space, self._heard, self._one_by_one = space, heard, threading.Lock()

    def __call__(self, execution: Execution, event: Event) -> None:
        self._heard(execution, event)
        if event["type"] == "execution-finished":
            with self._one_by_one:
                self._space.remove_failed_work_folders()
                limit = configuration.read_config(self._space.root).disk_gigabytes
                for said in retention.enforce_disk_limit(self._space, int(limit * 10**9)):
                    log.warning(said)
