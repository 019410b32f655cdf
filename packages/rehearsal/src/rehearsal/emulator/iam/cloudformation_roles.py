"""What CloudFormation does is checked against the role of its stack, which MiniStack never asks.

Sources: AWS CloudFormation user guide, "CloudFormation service role"; IAM user guide, "Grant a user permissions to pass
a role to an AWS service".
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ministack.core.iam_evaluator import PrincipalInfo
from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudformation
from ministack.services.cloudformation import handlers, helpers, provisioners, stacks

from rehearsal.emulator.iam import dependent_actions, enforcement, roles
from rehearsal.emulator.iam.boundaries import boundary_keys
from rehearsal.emulator.iam.cloudformation_actions import actions_for_properties, required_actions
from rehearsal.emulator.iam.enforcement import Request
from rehearsal.emulator.iam.resource_arns import Resource, arns

Params = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]

ROLE = "_role_arn"  # in a stack's record, which MiniStack keeps with its state
SERVICE = "cloudformation.amazonaws.com"
# What policies are told of a request that a service makes with its caller's permissions, not with a role of its own.
_CALLED_VIA_KEYS = {
    "aws:calledvia": [SERVICE],
    "aws:calledviafirst": SERVICE,
    "aws:calledvialast": SERVICE,
    "aws:viaawsservice": "true",
}

_nested_denials: contextvars.ContextVar[list[PermissionError] | None] = contextvars.ContextVar("kept", default=None)


def apply() -> None:
    check_pass_role_of_stacks()
    enforce_stack_role_permissions()


def check_pass_role_of_stacks() -> None:
    """The caller of CreateStack and its like needs iam:PassRole; the stack keeps the role for later operations."""
    actions = cloudformation._ACTION_HANDLERS
    for name in ("CreateStack", "UpdateStack", "DeleteStack", "CreateChangeSet"):
        actions[name] = _with_role(actions[name])


def enforce_stack_role_permissions() -> None:
    """Each resource is made, changed and removed with the role's permissions, also those of nested stacks.

    Without a role, CloudFormation works with what its caller may; a root user may everything.
    """
    provision, update, delete = stacks._provision_resource, stacks._update_resource, stacks._delete_resource

    def provisioned(kind: str, logical_id: str, properties: Params, stack: str) -> Any:
        _check_permissions("create", Resource(kind, stack, logical_id, properties))
        return provision(kind, logical_id, properties, stack)

    def updated(kind: str, name: str, old: Params, new: Params, stack: str, *rest: Any) -> Any:
        if old != new:
            changed = [each for each in {*old, *new} if old.get(each) != new.get(each)]
            _check_permissions("update", Resource(kind, stack, "", new, name), changed)
        return update(kind, name, old, new, stack, *rest)

    def deleted(kind: str, name: str, properties: Params, stack: str | None = None, *rest: Any) -> Any:
        try:
            _check_permissions("delete", Resource(kind, stack or "", "", properties, name))
            return delete(kind, name, properties, stack, *rest)
        except PermissionError as refused:
            kept = _nested_denials.get()
            if kept is not None:
                kept.append(refused)
            raise

    for module in (stacks, provisioners):  # the latter's are those that nested stacks are made with
        module._provision_resource, module._update_resource, module._delete_resource = provisioned, updated, deleted
    _retain_undeletable_nested_stacks()


def _retain_undeletable_nested_stacks() -> None:
    """MiniStack goes over what it cannot delete of a nested stack."""
    table = provisioners._RESOURCE_HANDLERS["AWS::CloudFormation::Stack"]
    delete = table["delete"]

    def deletes(name: str, properties: Params) -> None:
        kept: list[PermissionError] = []
        token = _nested_denials.set(kept)
        try:
            delete(name, properties)
        finally:
            _nested_denials.reset(token)
        if kept:
            raise kept[0]

    table["delete"] = deletes


def _with_role(handler: Callable[[Params], Answer]) -> Callable[[Params], Answer]:
    def handled(params: Params) -> Answer:
        role = helpers._p(params, "RoleARN")
        refused = role and (_pass_role_denial(role) or _trust_denial(role))
        answer: Answer
        if refused:
            answer = helpers._error("AccessDenied", refused, 403)
            return answer
        if unread := _template_read_denial(helpers._p(params, "TemplateURL")):
            answer = helpers._error("ValidationError", f"S3 error: Access Denied ({unread})", 400)
            return answer
        before = handlers._resolve_stack(helpers._p(params, "StackName"))
        if before and role:
            before[ROLE] = role
        answer = handler(params)
        stack = handlers._resolve_stack(helpers._p(params, "StackName"))
        if stack and answer[0] == 200:
            stack[ROLE] = role or stack.get(ROLE) or ""
        return answer

    return handled


def _pass_role_denial(role: str) -> str:
    who = enforcement.caller.get()
    if who is None or not enforcement.find_denial(
        Request(who, "", "", get_region()), "iam:PassRole", role, keys={"iam:passedtoservice": SERVICE}
    ):
        return ""
    return enforcement.denial_message(who.arn)


def _template_read_denial(template: str) -> str:
    """A template is read with the caller's permissions."""
    who = enforcement.caller.get()
    if who is None or not dependent_actions.first_denial(
        who, get_region(), dependent_actions.template_permissions(template)
    ):
        return ""
    return enforcement.denial_message(who.arn)


def _trust_denial(role: str) -> str:
    if roles.trusts_service(role, SERVICE, get_account_id()):
        return ""
    return f"Role {role} is invalid or cannot be assumed: its trust policy does not name {SERVICE}"


def _check_permissions(operation: str, resource: Resource, changed: Sequence[str] = ()) -> None:
    """Raise where the stack's role, else its caller, may not do what is needed; changed: of the properties."""
    role = _role(resource.stack)
    who = roles.session_principal(role, "AWSCloudFormation") if role else enforcement.caller.get()
    if who is None:
        return
    keys = {} if role else _CALLED_VIA_KEYS
    every = [[each] for each in actions_for_properties(resource.kind, changed)] or [
        required_actions(resource.kind, operation)
    ]
    refused = any(
        enforcement.all_denied([_requests(who, action, resource, keys) for action in alternatives])
        for alternatives in every
        if alternatives
    )
    needs = dependent_actions.dependent_permissions(operation, resource, changed)
    if refused or dependent_actions.first_denial(who, get_region(), needs, **keys):
        raise PermissionError(enforcement.denial_message(who.arn))


def _role(stack: str) -> str:
    """The role that the stack was given, or the one that it is nested in; empty where there is none."""
    record = cloudformation._stacks.get(stack) or {}
    parent = str(record.get("_parent_stack_name") or "")
    return str(record.get(ROLE) or (_role(parent) if parent else ""))


def _requests(who: PrincipalInfo, action: str, resource: Resource, keys: Mapping[str, Any]) -> list[Request]:
    """What is asked for one action: each ARN; where none can be told, whether it may be done on any resource."""
    named = arns(action, resource)
    asked = who if named else _widen_to_any_resource(who)
    told = {**keys, **dependent_actions.tag_keys(resource.properties)}
    boundary = resource.properties.get("PermissionsBoundary")
    return [
        Request(asked, action, each, get_region(), told | boundary_keys(each, boundary))
        for each in named or [str(resource)]
    ]


def _widen_to_any_resource(who: PrincipalInfo) -> PrincipalInfo:
    """The principal as if every Allow were for all resources, and no Deny for a certain one."""

    def widened(policies: list[list[Any]]) -> list[list[Any]]:
        return [
            [
                replace(each, resources=["*"], not_resources=[])
                for each in statements
                if each.effect == "Allow" or each.resources == ["*"]
            ]
            for statements in policies
        ]

    return replace(who, policies=widened(who.policies or []), limits=[widened(limit) for limit in who.limits])
