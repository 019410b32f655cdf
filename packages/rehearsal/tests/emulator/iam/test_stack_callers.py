"""Permissions of a stack's caller: without a role, for its template, and for passing a role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from ministack.core import iam_evaluator as evaluator
from ministack.core.iam_evaluator import PrincipalInfo
from ministack.services import cloudformation

from rehearsal.emulator.iam import cloudformation_roles, enforcement, roles
from rehearsal.emulator.iam.resource_arns import Resource
from rehearsal.emulator.iam.stack_permissions import check_read
from rehearsal.emulator.ministack.corrections import permissions
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.iam.principals import ACCOUNT, allow, make_role, trusting
from tests.emulator.iam.stack_roles import CLOUDFORMATION, KIND, make, stack_of

pytestmark = pytest.mark.usefixtures("as_it_comes", "returned_names")


def test_a_callers_permissions_can_be_for_cloudformation_alone() -> None:
    """`aws:CalledVia` is set for the caller's permissions, and not for the stack's role."""
    correct(permissions.STACK_PERMISSIONS)
    via = {"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}
    role = make_role("deploys", allow("sqs:*", Condition=via))
    stack_of("")
    with called_by(roles.session_principal(role, "now")):
        assert make() == "made"
    stack_of(role)
    with pytest.raises(PermissionError, match="its conditions are not met"):
        make()


def test_a_resource_to_import_is_read_by_cloudformation_for_the_caller() -> None:
    """`aws:CalledVia` is set for the read of a resource that a stack without a role imports."""
    via = {"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}
    role = make_role("deploys", allow("sqs:*", Condition=via))
    stack_of("")
    with called_by(roles.session_principal(role, "now")):
        check_read(Resource(KIND, "stack", "", {}, "name"))
    stack_of(role)
    with pytest.raises(PermissionError, match="its conditions are not met"):
        check_read(Resource(KIND, "stack", "", {}, "name"))


@contextmanager
def called_by(caller: PrincipalInfo | None) -> Iterator[None]:
    """Run the block with `caller` as the caller of its requests; None is a root user."""
    token = enforcement.caller.set(caller)
    try:
        yield
    finally:
        enforcement.caller.reset(token)


def test_a_stack_without_a_role_works_with_its_callers() -> None:
    """A stack without a role has the permissions of its caller's user, role or session; root has all."""
    correct(permissions.STACK_PERMISSIONS)
    stack_of("")
    with called_by(None):
        assert make() == "made"
    role = roles.session_principal(make_role("deploys", allow("sqs:*")), "now")
    user = replace(role, arn=f"arn:aws:iam::{ACCOUNT}:user/deploys", type="User", policies=[])
    session = replace(role, limits=[[evaluator.parse_policy_document(allow("cloudformation:*"))]])
    with called_by(role):
        assert make() == "made"
    for limited in (user, session):
        with called_by(limited), pytest.raises(PermissionError, match="sqs:CreateQueue"):
            make()


def test_a_stack_without_a_role_works_with_the_caller_of_each_operation() -> None:
    """A stack without a role does not keep the permissions of the caller that created it."""
    correct(permissions.STACK_ROLES)
    stack_of("")
    with called_by(roles.session_principal(make_role("deploys", allow("sqs:*")), "now")):
        assert cloudformation._ACTION_HANDLERS["CreateChangeSet"]({"StackName": ["stack"]})[0] != 403
    assert not cloudformation._stacks["stack"].get(cloudformation_roles.ROLE)


def test_a_template_is_read_with_the_callers_permissions() -> None:
    """The fault: a caller deploys a template from a bucket that it may not read."""
    deployer = roles.session_principal(make_role("deploys", allow("cloudformation:*")), "now")
    correct(permissions.STACK_ROLES)
    params = {"StackName": ["stack"], "TemplateURL": ["https://127.0.0.1:1/assets/template.json"]}
    with called_by(deployer):
        _, _, body = cloudformation._ACTION_HANDLERS["CreateStack"](params)
    assert b"S3 error: Access Denied" in body
    assert b"s3:GetObject on resource: arn:aws:s3:::assets/template.json" in body


def deleted(role: str, caller: PrincipalInfo | None) -> int:
    """Return the status of a DeleteStack with a role."""
    with called_by(caller):
        params = {"StackName": ["none"], "RoleARN": [role]}
        return int(cloudformation._ACTION_HANDLERS["DeleteStack"](params)[0])


def test_a_stacks_role_needs_pass_role() -> None:
    """The fault: a caller gives a stack any role. Corrected, iam:PassRole is needed."""
    execution = make_role("executes", trust=CLOUDFORMATION)
    deployer = roles.session_principal(make_role("deploys", allow("cloudformation:*")), "now")
    assert deleted(execution, deployer) == 200
    correct(permissions.STACK_ROLES)
    assert deleted(execution, deployer) == 403
    allowed = roles.session_principal(make_role("deploys", allow("iam:PassRole", resource=execution)), "now")
    assert deleted(execution, allowed) == 200


def test_a_refused_operation_does_not_change_a_stacks_role() -> None:
    """A stack keeps its role where an update with another role is refused."""
    correct(permissions.STACK_ROLES)
    first, second = (make_role(name, trust=CLOUDFORMATION) for name in ("first", "second"))
    stack_of(first)
    with called_by(None):
        answer = cloudformation._ACTION_HANDLERS["UpdateStack"]({"StackName": ["stack"], "RoleARN": [second]})
    assert answer[0] == 400
    assert cloudformation_roles.stack_role("stack") == first


def test_a_role_that_does_not_trust_cloudformation_is_no_stacks_role() -> None:
    """A stack's role must trust CloudFormation, also if a root user calls."""
    correct(permissions.STACK_ROLES)
    assert deleted(make_role("executes", trust=trusting(AWS=ACCOUNT)), None) == 403
    assert deleted(make_role("executes", trust=CLOUDFORMATION), None) == 200
