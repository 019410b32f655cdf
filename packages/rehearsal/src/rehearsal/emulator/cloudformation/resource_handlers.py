"""Replacements of MiniStack's handlers of resource types that add what a handler leaves out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.emulator.ministack.port.cloudformation import ProvisionedResource

Create = Callable[[str, Mapping[str, Any], str], ProvisionedResource]
Update = Callable[..., ProvisionedResource]
# Called with a resource's physical id and the properties of its template.
Keep = Callable[[str, Mapping[str, Any]], None]


def after_create(keep: Keep) -> Callable[[Create], Create]:
    """Return the replacement of a create handler that calls `keep` after it."""

    def replace(create: Create) -> Create:
        def create_and_keep(logical_id: str, properties: Mapping[str, Any], stack: str) -> ProvisionedResource:
            resource = create(logical_id, properties, stack)
            keep(resource[0], properties)
            return resource

        return create_and_keep

    return replace


def after_update(keep: Keep) -> Callable[[Update], Update]:
    """Return the replacement of an update handler that calls `keep` after it, with the new properties."""

    def replace(update: Update) -> Update:
        def update_and_keep(
            name: str, old: Mapping[str, Any], new: Mapping[str, Any], *rest: str
        ) -> ProvisionedResource:
            resource = update(name, old, new, *rest)
            keep(resource[0], new)
            return resource

        return update_and_keep

    return replace
