"""Extension of MiniStack's handlers of resource types, by a function that is called after them."""

from __future__ import annotations

from collections.abc import Callable

from rehearsal.emulator.ministack.port.cloudformation import ProvisionedResource

type Create[Properties] = Callable[[str, Properties, str], ProvisionedResource]
Update = Callable[..., ProvisionedResource]
# Called with a resource's physical id and its properties in the template.
type Keep[Properties] = Callable[[str, Properties], None]


def after_create[Properties](keep: Keep[Properties]) -> Callable[[Create[Properties]], Create[Properties]]:
    """Return the replacement of a create handler that calls `keep` after it."""

    def replace(create: Create[Properties]) -> Create[Properties]:
        def create_and_keep(logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
            resource = create(logical_id, properties, stack)
            keep(resource[0], properties)
            return resource

        return create_and_keep

    return replace


def after_update[Properties](keep: Keep[Properties]) -> Callable[[Update], Update]:
    """Return the replacement of an update handler that calls `keep` after it, with the new properties."""

    def replace(update: Update) -> Update:
        def update_and_keep(name: str, old: Properties, new: Properties, *rest: str) -> ProvisionedResource:
            resource = update(name, old, new, *rest)
            keep(resource[0], new)
            return resource

        return update_and_keep

    return replace
