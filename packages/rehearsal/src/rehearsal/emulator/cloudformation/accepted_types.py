"""CloudFormation types that MiniStack lacks and the user accepted: resources without effect."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.cloudformation import Handlers, ProvisionedResource
from rehearsal.emulator.ministack.port.requests import get_account_id, get_region
from rehearsal.workspace.acceptances import Accepted


class AcceptedTypes:
    """Adds accepted types to MiniStack's table of types; `record` records each resource of such a type."""

    def __init__(self, accepted: Callable[[], Accepted], record: Path) -> None:
        self._accepted, self._record = accepted, record
        self._ours: frozenset[str] = frozenset()
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Types that MiniStack knows are left to it."""
        wanted = self._accepted().types
        if wanted == self._ours:
            return
        with self._lock:
            for gone in self._ours - wanted:
                cloudformation.remove_resource_type(gone)
            added = {name for name in wanted - self._ours if not cloudformation.has_resource_type(name)}
            for name in added:
                cloudformation.register_resource_type(name, self._handlers(name))
            self._ours = frozenset((self._ours & wanted) | added)

    def _handlers(self, type_: str) -> Handlers:
        def create(logical_id: str, _properties: Mapping[str, Any], stack: str) -> ProvisionedResource:
            self._record_resource(type_, logical_id, stack)
            return _resource_result(type_, f"{stack}-{logical_id}")

        def update(
            name: str, _old: Mapping[str, Any], _new: Mapping[str, Any], stack: str, logical_id: str
        ) -> ProvisionedResource:
            self._record_resource(type_, logical_id, stack)
            return _resource_result(type_, name)

        return cloudformation.resource_handlers(create, update, lambda *_: None, update_with_logical_id=True)

    def _record_resource(self, type_: str, logical_id: str, stack: str) -> None:
        line = json.dumps({"type": type_, "resource": logical_id, "stack": stack, "account": get_account_id()})
        with self._lock, self._record.open("a") as file:
            file.write(line + "\n")


def _resource_result(type_: str, name: str) -> ProvisionedResource:
    service, kind = type_.lower().split("::")[-2:]  # a custom resource, Custom::Thing, has two parts
    return name, {"Arn": f"arn:aws:{service}:{get_region()}:{get_account_id()}:{kind}/{name}", "Id": name}
