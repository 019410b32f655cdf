"""A fault of MiniStack: policies are not told the boundary of a role, so none can demand one.

Source: service authorization reference, "Condition keys for AWS IAM": iam:PermissionsBoundary is the boundary that a
request sets, or that the role in it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.core import iam_actions
from ministack.core.responses import get_account_id

from rehearsal.emulator.iam import roles

_KEY = "iam:permissionsboundary"


def boundaries_are_known_to_policies() -> None:
    """`iam:PermissionsBoundary`, of who makes or changes a role: an execution policy lets no role be without one."""
    known = iam_actions.request_tag_context

    def told(service: str, action: str, body: bytes, parameters: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = known(service, action, body, parameters)
        if service != "iam":
            return found
        name = f"arn:aws:iam::{get_account_id()}:role/{_one(parameters.get('RoleName', ''))}"
        return found | boundary_keys(name, _one(parameters.get("PermissionsBoundary", "")))

    iam_actions.request_tag_context = told


def boundary_keys(role: str, wanted: Any) -> dict[str, Any]:
    """The condition key, with the boundary that is `wanted` for the role, else the one that it has, if any."""
    boundary = wanted or (roles.named(role).get("PermissionsBoundary") if ":role/" in role else None)
    return {_KEY: boundary} if boundary else {}


def _one(value: Any) -> Any:
    """A query parameter's value, which may come as a list."""
    return value[0] if isinstance(value, list) else value
