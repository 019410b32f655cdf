"""Faults of MiniStack about permissions boundaries: a stack's roles lose theirs, and policies cannot demand one.

Source: service authorization reference, "Condition keys for AWS IAM": iam:PermissionsBoundary is the boundary that a
request sets, or that the role in it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.core import iam_actions
from ministack.core.responses import get_account_id
from ministack.services import iam
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.iam import roles

ProvisionedResource = tuple[str, dict[str, str]]

_KEY = "iam:permissionsboundary"


def apply() -> None:
    set_boundaries_of_stack_roles()
    provide_boundary_condition_key()


def set_boundaries_of_stack_roles() -> None:
    """CloudFormation drops PermissionsBoundary of a role; one that is not there is refused, in AWS's words."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]
    create, update = handlers["create"], handlers["update"]

    def creates(logical_id: str, properties: Mapping[str, Any], stack: str) -> ProvisionedResource:
        _check(properties)
        return _set_boundary(create(logical_id, properties, stack), properties)

    def updates(
        name: str, old: Mapping[str, Any], new: Mapping[str, Any], stack: str, logical_id: str
    ) -> ProvisionedResource:
        _check(new)
        return _set_boundary(update(name, old, new, stack, logical_id), new)

    handlers |= {"create": creates, "update": updates}


def _check(properties: Mapping[str, Any]) -> None:
    boundary = properties.get("PermissionsBoundary")
    if boundary and not iam._policy_exists(boundary):
        raise ValueError(f"Scope ARN: {boundary} does not exist or is not attachable.")


def _set_boundary(made: ProvisionedResource, properties: Mapping[str, Any]) -> ProvisionedResource:
    iam._roles[made[0]]["PermissionsBoundary"] = properties.get("PermissionsBoundary")
    return made


def provide_boundary_condition_key() -> None:
    """`iam:PermissionsBoundary`, of who makes or changes a role: an execution policy lets no role be without one."""
    known = iam_actions.request_tag_context

    def add_boundary_keys(service: str, action: str, body: bytes, parameters: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = known(service, action, body, parameters)
        if service != "iam":
            return found
        name = f"arn:aws:iam::{get_account_id()}:role/{_first_value(parameters.get('RoleName', ''))}"
        return found | boundary_keys(name, _first_value(parameters.get("PermissionsBoundary", "")))

    iam_actions.request_tag_context = add_boundary_keys


def boundary_keys(role: str, wanted: Any) -> dict[str, Any]:
    """The condition key, with the boundary that is `wanted` for the role, else the one that it has, if any."""
    boundary = wanted or (roles.role_by_arn(role).get("PermissionsBoundary") if ":role/" in role else None)
    return {_KEY: boundary} if boundary else {}


def _first_value(value: Any) -> Any:
    """A query parameter's value, which may come as a list."""
    return value[0] if isinstance(value, list) else value
