"""Checks of a resource's properties before MiniStack's CloudFormation handlers create or update it."""

from __future__ import annotations

from collections.abc import Callable

from rehearsal.emulator.ministack.port.cloudformation import Provision, ProvisionedResource


def check_created[Data](check: Callable[[Data], None]) -> Callable[[Provision], Provision]:
    """Return the replacement of a create handler; `check` raises an exception for properties that AWS rejects."""

    def replace(create: Provision) -> Provision:
        def create_checked(logical_id: str, properties: Data, *rest: object) -> ProvisionedResource:
            check(properties)
            return create(logical_id, properties, *rest)

        return create_checked

    return replace


def check_updated[Data](check: Callable[[Data], None]) -> Callable[[Provision], Provision]:
    """Return the replacement of an update handler, which checks the new properties."""

    def replace(update: Provision) -> Provision:
        def update_checked(name: str, old: Data, new: Data, *rest: object) -> ProvisionedResource:
            check(new)
            return update(name, old, new, *rest)

        return update_checked

    return replace
