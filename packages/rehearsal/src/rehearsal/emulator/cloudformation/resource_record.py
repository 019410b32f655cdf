"""The record of resources without effect, which the end of a run reports."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from rehearsal.emulator.ministack.port.requests import get_account_id


class ResourceRecord:
    """Writes a JSON line for each resource that was created or updated."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()

    def add(self, type_: str, logical_id: str, stack: str) -> None:
        """Record a resource of the request's account."""
        line = json.dumps({"type": type_, "resource": logical_id, "stack": stack, "account": get_account_id()})
        with self._lock, self._path.open("a") as file:
            file.write(line + "\n")
