"""Permissions boundaries of the roles in stacks, and the condition key by which policies require one.

Source: service authorization reference, "Condition keys for AWS IAM": iam:PermissionsBoundary is the boundary that a
request sets, or that the role in it has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypedDict

from rehearsal.emulator.cloudformation.resource_handlers import Create, Update
from rehearsal.emulator.iam import roles
from rehearsal.emulator.ministack.port import iam
from rehearsal.emulator.ministack.port.cloudformation import ProvisionedResource
from rehearsal.emulator.ministack.port.requests import first_value, get_account_id


class RoleProperties(TypedDict, total=False):
    """Properties of `AWS::IAM::Role`."""

    PermissionsBoundary: str


TagContext = Callable[[str, str, bytes, Mapping[str, object]], dict[str, object]]

_KEY = "iam:permissionsboundary"


def create_role_with_boundary(create: Create[RoleProperties]) -> Create[RoleProperties]:
    """Return the replacement of the handler that creates a role; like AWS, it rejects an unknown boundary."""

    def create_bound(logical_id: str, properties: RoleProperties, stack: str) -> ProvisionedResource:
        _check(properties)
        return _set_boundary(create(logical_id, properties, stack), properties)

    return create_bound


def update_role_with_boundary(update: Update) -> Update:
    """Return the replacement of the handler that updates a role; without the property, it removes the boundary."""

    def update_bound(name: str, old: RoleProperties, new: RoleProperties, *rest: str) -> ProvisionedResource:
        _check(new)
        return _set_boundary(update(name, old, new, *rest), new)

    return update_bound


def _check(properties: RoleProperties) -> None:
    boundary = properties.get("PermissionsBoundary")
    if boundary and not iam.has_policy(boundary):
        raise ValueError(f"Scope ARN: {boundary} does not exist or is not attachable.")


def _set_boundary(resource: ProvisionedResource, properties: RoleProperties) -> ProvisionedResource:
    iam.set_permissions_boundary(resource[0], properties.get("PermissionsBoundary"))
    return resource


def add_boundary_key(known: TagContext) -> TagContext:
    """Return the replacement of the function that reads condition keys; it adds the role's boundary."""

    def keys_with_boundary(
        service: str, action: str, body: bytes, parameters: Mapping[str, object]
    ) -> dict[str, object]:
        keys = known(service, action, body, parameters)
        if service != "iam":
            return keys
        role = f"arn:aws:iam::{get_account_id()}:role/{first_value(parameters.get('RoleName', ''))}"
        return keys | boundary_keys(role, first_value(parameters.get("PermissionsBoundary", "")))

    return keys_with_boundary


def boundary_keys(role: str, requested: object) -> dict[str, object]:
    """Return the condition key with the boundary that is `requested` for a role, else the one that the role has.

    role: its ARN. The result is empty without a boundary.
    """
    boundary = requested or (roles.role_by_arn(role).get("PermissionsBoundary") if ":role/" in role else None)
    return {_KEY: boundary} if boundary else {}
