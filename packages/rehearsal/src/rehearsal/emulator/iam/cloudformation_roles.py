"""The role of a stack: the permission to pass it, and the principal whose permissions the stack has.

Sources: AWS CloudFormation user guide, "CloudFormation service role"; IAM user guide, "Grant a user permissions to pass
a role to an AWS service".
"""

from __future__ import annotations

from typing import Final

from rehearsal.emulator.iam import dependent_actions, enforcement, roles
from rehearsal.emulator.iam.enforcement import Request
from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.policies import PrincipalInfo
from rehearsal.emulator.ministack.port.requests import Answer, Operation, Params, get_account_id, get_region

ROLE: Final = "_role_arn"  # in a stack's record, which MiniStack keeps with its state
SERVICE = "cloudformation.amazonaws.com"


def stack_role(stack: str) -> str:
    """Return the ARN of the stack's role, else of the parent stack's; empty where there is none."""
    record = cloudformation.stack_record(stack)
    parent = str(record.get("_parent_stack_name") or "")
    return str(record.get(ROLE) or (stack_role(parent) if parent else ""))


def stack_principal(stack: str) -> PrincipalInfo | None:
    """Return a session of the stack's role, else the caller of the operation; None for a root user."""
    role = stack_role(stack)
    return roles.session_principal(role, "AWSCloudFormation") if role else enforcement.caller.get()


def check_stack_role(handler: Operation) -> Operation:
    """Return the replacement of an operation on stacks that takes a role.

    Its caller needs iam:PassRole for the role. The stack keeps the role for later operations, unless
    this one is refused.
    """

    def handle(params: Params) -> Answer:
        role = cloudformation.parameter(params, "RoleARN")
        denial = role and (_pass_role_denial(role) or _trust_denial(role))
        if denial:
            return cloudformation.error_answer("AccessDenied", denial, 403)
        if denial := _template_read_denial(cloudformation.parameter(params, "TemplateURL")):
            return cloudformation.error_answer("ValidationError", f"S3 error: Access Denied ({denial})", 400)
        before = cloudformation.find_stack(cloudformation.parameter(params, "StackName"))
        role_before = before.get(ROLE, "") if before else ""
        if before and role:
            before[ROLE] = role
        answer = handler(params)
        stack = cloudformation.find_stack(cloudformation.parameter(params, "StackName"))
        if stack and answer[0] == 200:
            stack[ROLE] = role or stack.get(ROLE) or ""
        elif before and role:
            before[ROLE] = role_before
        return answer

    return handle


def _pass_role_denial(role: str) -> str:
    principal = enforcement.caller.get()
    if principal is None:
        return ""
    request, keys = Request(principal, "", "", get_region()), {"iam:passedtoservice": SERVICE}
    denial = enforcement.find_denial(request.for_action("iam:PassRole", role, keys))
    return denial.message(principal.arn) if denial else ""


def _template_read_denial(template: str) -> str:
    """Return the message of a denial where the caller may not read the template; empty where it may."""
    principal = enforcement.caller.get()
    if principal is None:
        return ""
    denial = dependent_actions.first_denial(principal, get_region(), dependent_actions.template_permissions(template))
    return denial.message(principal.arn) if denial else ""


def _trust_denial(role: str) -> str:
    if roles.trusts_service(role, SERVICE, get_account_id()):
        return ""
    return f"Role {role} is invalid or cannot be assumed: its trust policy does not name {SERVICE}"
