"""Accepted CloudFormation types: resources without effect, even where MiniStack supports the type."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from rehearsal.emulator.cloudformation.resource_record import ResourceRecord
from rehearsal.emulator.cloudformation.schema_values import resource_values
from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.cloudformation import Handlers, ProvisionedResource
from rehearsal.workspace.acceptances import Accepted


class AcceptedTypes:
    """Adds accepted types to MiniStack's table of types, and records each resource of such a type in `record`."""

    def __init__(self, accepted: Callable[[], Accepted], record: ResourceRecord) -> None:
        self._accepted, self._record = accepted, record
        self._replaced: dict[str, Handlers | None] = {}
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Replace the handlers of all accepted types, and restore those of types that are not accepted any more."""
        accepted = self._accepted().types
        if accepted == self._replaced.keys():
            return
        with self._lock:
            for name in self._replaced.keys() - accepted:
                cloudformation.set_resource_type(name, self._replaced.pop(name))
            for name in accepted - self._replaced.keys():
                self._replaced[name] = cloudformation.set_resource_type(name, self._handlers(name))

    def _handlers(self, type_: str) -> Handlers:
        def create(logical_id: str, properties: Mapping[str, object], stack: str) -> ProvisionedResource:
            self._record.add(type_, logical_id, stack)
            return resource_values(type_, f"{stack}-{logical_id}", properties)

        def update(
            name: str, _old: Mapping[str, object], new: Mapping[str, object], stack: str, logical_id: str
        ) -> ProvisionedResource:
            self._record.add(type_, logical_id, stack)
            _, attributes = resource_values(type_, f"{stack}-{logical_id}", new)
            return name, attributes

        return cloudformation.resource_handlers(create, update, lambda *_: None, update_with_logical_id=True)
