"""CloudFormation types that MiniStack lacks and the user accepted: resources without effect."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.emulator.cloudformation.resource_record import ResourceRecord
from rehearsal.emulator.cloudformation.schema_values import resource_values
from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.cloudformation import Handlers, ProvisionedResource
from rehearsal.workspace.acceptances import Accepted


class AcceptedTypes:
    """Adds accepted types to MiniStack's table of types; `record` records each resource of such a type."""

    def __init__(self, accepted: Callable[[], Accepted], record: ResourceRecord) -> None:
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
        def create(logical_id: str, properties: Mapping[str, Any], stack: str) -> ProvisionedResource:
            self._record.add(type_, logical_id, stack)
            return resource_values(type_, f"{stack}-{logical_id}", properties)

        def update(
            name: str, _old: Mapping[str, Any], new: Mapping[str, Any], stack: str, logical_id: str
        ) -> ProvisionedResource:
            self._record.add(type_, logical_id, stack)
            _, attributes = resource_values(type_, f"{stack}-{logical_id}", new)
            return name, attributes

        return cloudformation.resource_handlers(create, update, lambda *_: None, update_with_logical_id=True)
