"""MiniStack's faults in permissions boundaries, reproduced without the correction."""

from __future__ import annotations

from typing import Any

import pytest
from ministack.core import iam_actions
from ministack.services import iam
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.iam import roles
from rehearsal.emulator.ministack.corrections import permissions, requests
from rehearsal.emulator.ministack.patches import correct
from rehearsal.emulator.ministack.port.iam import IdentityRecord
from tests.emulator.iam.principals import ACCOUNT, make_role

pytestmark = pytest.mark.usefixtures("as_it_comes")

BOUNDARY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def made(name: str, **properties: Any) -> IdentityRecord:
    """Return a role that CloudFormation has created."""
    create = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]["create"]
    create("Logical", {"RoleName": name, "AssumeRolePolicyDocument": {}, **properties}, "stack")
    return roles.role_record(ACCOUNT, name)


def test_a_stacks_roles_have_their_boundary() -> None:
    """The fault: a stack's role has no permissions boundary. Corrected, it has, and an update removes it."""
    assert not made("worker", PermissionsBoundary=BOUNDARY).get("PermissionsBoundary")
    correct(permissions.STACK_ROLE_BOUNDARIES)
    assert made("worker", PermissionsBoundary=BOUNDARY)["PermissionsBoundary"] == BOUNDARY
    update = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]["update"]
    plain = {"RoleName": "worker", "AssumeRolePolicyDocument": {}}
    update("worker", {**plain, "PermissionsBoundary": BOUNDARY}, plain, "stack", "Logical")
    assert not iam._roles["worker"]["PermissionsBoundary"]


def test_a_boundary_that_is_not_there_is_refused() -> None:
    """A role with a missing boundary policy is rejected, as in an account bootstrapped without it."""
    correct(permissions.STACK_ROLE_BOUNDARIES)
    with pytest.raises(ValueError, match="policy/none does not exist or is not attachable"):
        made("worker", PermissionsBoundary=f"arn:aws:iam::{ACCOUNT}:policy/none")
    assert not roles.role_record(ACCOUNT, "worker")


def test_boundaries_are_known_to_policies() -> None:
    """The fault: `iam:PermissionsBoundary` has no value, so that no role with a boundary can be created."""

    def boundary_of(action: str, **parameters: str) -> Any:
        return iam_actions.request_tag_context("iam", f"iam:{action}", b"", parameters).get("iam:permissionsboundary")

    make_role("bound")
    iam._roles["bound"]["PermissionsBoundary"] = BOUNDARY
    assert boundary_of("CreateRole", RoleName="new", PermissionsBoundary=BOUNDARY) is None
    correct(requests.BOUNDARY_KEY)
    assert boundary_of("CreateRole", RoleName="new", PermissionsBoundary=BOUNDARY) == BOUNDARY
    assert boundary_of("PutRolePolicy", RoleName="bound") == BOUNDARY
    assert boundary_of("CreateRole", RoleName="new") is None
