"""MiniStack's faults about boundaries, shown without their correction: when one fails, the correction can go."""

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
    """A role that CloudFormation makes."""
    create = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]["create"]
    create("Logical", {"RoleName": name, "AssumeRolePolicyDocument": {}, **properties}, "stack")
    return roles.role_record(ACCOUNT, name)


def test_a_stacks_roles_have_their_boundary() -> None:
    """The fault: a role that may do nothing beyond its boundary may do what its policies say."""
    assert not made("worker", PermissionsBoundary=BOUNDARY).get("PermissionsBoundary")
    correct(permissions.STACK_ROLE_BOUNDARIES)
    assert made("worker", PermissionsBoundary=BOUNDARY)["PermissionsBoundary"] == BOUNDARY
    update = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]["update"]
    plain = {"RoleName": "worker", "AssumeRolePolicyDocument": {}}
    update("worker", {**plain, "PermissionsBoundary": BOUNDARY}, plain, "stack", "Logical")
    assert not iam._roles["worker"]["PermissionsBoundary"]


def test_a_boundary_that_is_not_there_is_refused() -> None:
    """As in an account that was not bootstrapped with it."""
    correct(permissions.STACK_ROLE_BOUNDARIES)
    with pytest.raises(ValueError, match="policy/none does not exist or is not attachable"):
        made("worker", PermissionsBoundary=f"arn:aws:iam::{ACCOUNT}:policy/none")
    assert not roles.role_record(ACCOUNT, "worker")


def test_boundaries_are_known_to_policies() -> None:
    """The fault: an execution policy that allows only roles with a boundary allows none."""

    def told(action: str, **parameters: str) -> Any:
        return iam_actions.request_tag_context("iam", f"iam:{action}", b"", parameters).get("iam:permissionsboundary")

    make_role("bound")
    iam._roles["bound"]["PermissionsBoundary"] = BOUNDARY
    assert told("CreateRole", RoleName="new", PermissionsBoundary=BOUNDARY) is None
    correct(requests.BOUNDARY_KEY)
    assert told("CreateRole", RoleName="new", PermissionsBoundary=BOUNDARY) == BOUNDARY
    assert told("PutRolePolicy", RoleName="bound") == BOUNDARY
    assert told("CreateRole", RoleName="new") is None
