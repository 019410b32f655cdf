"""Checks of CloudFormation's operations on a stack's resources against the policies of the stack's role.

Sources: AWS CloudFormation user guide, "CloudFormation service role"; IAM user guide, "Grant a user permissions to pass
a role to an AWS service".
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from rehearsal.emulator.iam import dependent_actions, enforcement, roles
from rehearsal.emulator.iam.boundaries import boundary_keys
from rehearsal.emulator.iam.cloudformation_actions import (
    actions_for_properties,
    handler_permissions,
    own_actions,
    required_actions,
)
from rehearsal.emulator.iam.denial_messages import Denial
from rehearsal.emulator.iam.enforcement import Request
from rehearsal.emulator.iam.handler_actions import further_actions
from rehearsal.emulator.iam.resource_arns import Resource, arns
from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.application import enforces_iam
from rehearsal.emulator.ministack.port.cloudformation import Properties
from rehearsal.emulator.ministack.port.policies import Policies, PrincipalInfo
from rehearsal.emulator.ministack.port.requests import Answer, Operation, Params, get_account_id, get_region

Handler = Callable[..., object]
Import = Callable[..., Coroutine[None, None, object]]

ROLE: Final = "_role_arn"  # in a stack's record, which MiniStack keeps with its state
SERVICE = "cloudformation.amazonaws.com"
# Condition keys of a request that CloudFormation makes with its caller's permissions instead of a service role.
_CALLED_VIA_KEYS = {
    "aws:calledvia": [SERVICE],
    "aws:calledviafirst": SERVICE,
    "aws:calledvialast": SERVICE,
    "aws:viaawsservice": "true",
}

_importing_stack: contextvars.ContextVar[str] = contextvars.ContextVar("importing_stack", default="")
_nested_denials: contextvars.ContextVar[list[PermissionError] | None] = contextvars.ContextVar(
    "nested_denials", default=None
)


def check_create(provision: Handler) -> Handler:
    """Return the replacement of the function that creates a resource, also in a nested stack.

    CloudFormation creates, updates and deletes a resource with the permissions of the stack's role, or without a role
    with its caller's; a root user may do everything.
    """

    def provision_permitted(kind: str, logical_id: str, properties: Properties, stack: str) -> object:
        _check_permissions("create", Resource(kind, stack, logical_id, properties))
        return provision(kind, logical_id, properties, stack)

    return provision_permitted


def check_update(update: Handler) -> Handler:
    """Return the replacement of the function that updates a resource."""

    def update_permitted(kind: str, name: str, old: Properties, new: Properties, stack: str, *rest: object) -> object:
        if old != new:
            changed = [key for key in {*old, *new} if old.get(key) != new.get(key)]
            _check_permissions("update", Resource(kind, stack, "", new, name), changed)
        return update(kind, name, old, new, stack, *rest)

    return update_permitted


def name_importing_stack(import_resources: Import) -> Import:
    """Return the replacement of the function that imports resources into a stack; it sets the name of that stack."""

    async def import_into(change_set: Params, stack: Params, *rest: object) -> object:
        token = _importing_stack.set(str(stack["StackName"]))
        try:
            return await import_resources(change_set, stack, *rest)
        finally:
            _importing_stack.reset(token)

    return import_into


def name_adopting_stack(adopt: Handler) -> Handler:
    """Return the replacement of the function that imports a resource during an update; it sets the stack's name."""

    def adopt_into(stack_id: str, stack: str, *rest: object) -> object:
        token = _importing_stack.set(stack)
        try:
            return adopt(stack_id, stack, *rest)
        finally:
            _importing_stack.reset(token)

    return adopt_into


def check_import(import_resource: Handler) -> Handler:
    """Return the replacement of the function that imports one resource; the stack's role needs its read actions."""

    def import_permitted(kind: str, identifier: Mapping[str, str]) -> object:
        stack = _importing_stack.get()
        principal = _principal(stack) if stack else None
        resource = Resource(kind, stack, "", identifier, next(iter(identifier.values()), ""))
        if principal:
            actions = own_actions(kind, handler_permissions(kind, "read"))
            requests = (_requests(principal, action, resource, {}) for action in actions)
            _raise_first(principal, (enforcement.alternatives_denial([alternative]) for alternative in requests))
        return import_resource(kind, identifier)

    return import_permitted


def check_delete(delete: Handler) -> Handler:
    """Return the replacement of the function that deletes a resource."""

    def delete_permitted(
        kind: str, name: str, properties: Properties, stack: str | None = None, *rest: object
    ) -> object:
        try:
            _check_permissions("delete", Resource(kind, stack or "", "", properties, name))
            return delete(kind, name, properties, stack, *rest)
        except PermissionError as denial:
            denials = _nested_denials.get()
            if denials is not None:
                denials.append(denial)
            raise

    return delete_permitted


def delete_nested_stack(delete: Handler) -> Handler:
    """Return the replacement of the handler that deletes a nested stack.

    It raises the first PermissionError of a resource in the stack.
    """

    def delete_whole(name: str, properties: Properties) -> None:
        denials: list[PermissionError] = []
        token = _nested_denials.set(denials)
        try:
            delete(name, properties)
        finally:
            _nested_denials.reset(token)
        if denials:
            raise denials[0]

    return delete_whole


def check_stack_role(handler: Operation) -> Operation:
    """Return the replacement of an operation on stacks that takes a role.

    Its caller needs iam:PassRole for the role. The stack keeps the role for later operations.
    """

    def handle(params: Params) -> Answer:
        role = cloudformation.parameter(params, "RoleARN")
        denial = role and (_pass_role_denial(role) or _trust_denial(role))
        if denial:
            return cloudformation.error_answer("AccessDenied", denial, 403)
        if denial := _template_read_denial(cloudformation.parameter(params, "TemplateURL")):
            return cloudformation.error_answer("ValidationError", f"S3 error: Access Denied ({denial})", 400)
        before = cloudformation.find_stack(cloudformation.parameter(params, "StackName"))
        if before and role:
            before[ROLE] = role
        answer = handler(params)
        stack = cloudformation.find_stack(cloudformation.parameter(params, "StackName"))
        if stack and answer[0] == 200:
            stack[ROLE] = role or stack.get(ROLE) or ""
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


def _check_permissions(operation: str, resource: Resource, changed: Sequence[str] = ()) -> None:
    """Raise PermissionError where the stack's role, else its caller, lacks a permission for the operation.

    changed: the names of the properties that an update changes.
    """
    principal = _principal(resource.stack)
    if principal:
        _raise_first(principal, _denials(principal, operation, resource, changed))


def _raise_first(principal: PrincipalInfo, denials: Iterable[Denial | None]) -> None:
    """Raise PermissionError for the first denial, if there is one."""
    if denial := next(filter(None, denials), None):
        raise PermissionError(denial.message(principal.arn))


def _denials(
    principal: PrincipalInfo, operation: str, resource: Resource, changed: Sequence[str]
) -> Iterator[Denial | None]:
    """Yield the result of each check of an operation: on its actions, further ones and dependent ones."""
    keys = {} if _role(resource.stack) else _CALLED_VIA_KEYS
    alternatives = [[property_] for property_ in actions_for_properties(resource.kind, changed)] or [
        required_actions(resource.kind, operation)
    ]
    for actions in filter(None, alternatives):
        yield enforcement.alternatives_denial([_requests(principal, action, resource, keys) for action in actions])
    dependent = list(dependent_actions.dependent_permissions(operation, resource, changed))
    dependent_names = {permission.action for permission in dependent}
    for action in further_actions(resource.kind, operation, resource.properties):
        if action not in dependent_names:
            yield enforcement.alternatives_denial([_requests(principal, action, resource, keys)])
    yield dependent_actions.first_denial(principal, get_region(), iter(dependent), **keys)


def _principal(stack: str) -> PrincipalInfo | None:
    """Return a session of the stack's role, else its caller; None for a root user."""
    role = _role(stack)
    return roles.session_principal(role, "AWSCloudFormation") if role else enforcement.caller.get()


def require_actions(stack: str, actions: Sequence[str], resource: str) -> None:
    """Raise PermissionError unless the stack's role, else its caller, may do all `actions` on `resource`, an ARN."""
    if not enforces_iam():
        return
    principal, keys = _principal(stack), {} if _role(stack) else _CALLED_VIA_KEYS
    if principal:
        requests = (Request(principal, action, resource, get_region(), keys) for action in actions)
        _raise_first(principal, (enforcement.alternatives_denial([[request]]) for request in requests))


def _role(stack: str) -> str:
    """Return the ARN of the stack's role, else of the parent stack's; empty where there is none."""
    record = cloudformation.stack_record(stack)
    parent = str(record.get("_parent_stack_name") or "")
    return str(record.get(ROLE) or (_role(parent) if parent else ""))


def _requests(principal: PrincipalInfo, action: str, resource: Resource, keys: Mapping[str, object]) -> list[Request]:
    """Return the requests to check for an action: one per ARN; without a known ARN, one on any resource."""
    known_arns = arns(action, resource)
    evaluated_principal = principal if known_arns else _widen_to_any_resource(principal)
    all_keys = {**keys, **dependent_actions.tag_keys(resource.properties)}
    boundary = resource.properties.get("PermissionsBoundary")
    return [
        Request(evaluated_principal, action, arn, get_region(), all_keys | boundary_keys(arn, boundary))
        for arn in known_arns or [str(resource)]
    ]


def _widen_to_any_resource(principal: PrincipalInfo) -> PrincipalInfo:
    """Return the principal with every Allow on all resources, and without each Deny on particular resources."""

    def widened(policies: Policies) -> Policies:
        return [
            [
                replace(statement, resources=["*"], not_resources=[])
                for statement in statements
                if statement.effect == "Allow" or statement.resources == ["*"]
            ]
            for statements in policies
        ]

    return replace(
        principal, policies=widened(principal.policies or []), limits=[widened(limit) for limit in principal.limits]
    )
