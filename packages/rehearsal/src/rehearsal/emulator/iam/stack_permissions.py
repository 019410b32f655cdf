"""Evaluation of CloudFormation's operations on a stack's resources by the policies of the stack's role.

CloudFormation creates, updates and deletes a resource with the permissions of the stack's role, or without a role with
its caller's; a root user may do everything.
Source: AWS CloudFormation user guide, "CloudFormation service role".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from rehearsal.emulator.iam import dependent_actions, enforcement
from rehearsal.emulator.iam.boundaries import boundary_keys
from rehearsal.emulator.iam.cloudformation_actions import (
    actions_for_properties,
    handler_permissions,
    own_actions,
    required_actions,
)
from rehearsal.emulator.iam.cloudformation_roles import SERVICE, stack_principal, stack_role
from rehearsal.emulator.iam.denial_messages import Denial
from rehearsal.emulator.iam.enforcement import Request
from rehearsal.emulator.iam.handler_actions import further_actions
from rehearsal.emulator.iam.resource_arns import Resource, arns
from rehearsal.emulator.ministack.port.application import enforces_iam
from rehearsal.emulator.ministack.port.policies import Policies, PrincipalInfo
from rehearsal.emulator.ministack.port.requests import get_region

# Condition keys of a request that CloudFormation makes with its caller's permissions instead of a service role.
_CALLED_VIA_KEYS = {
    "aws:calledvia": [SERVICE],
    "aws:calledviafirst": SERVICE,
    "aws:calledvialast": SERVICE,
    "aws:viaawsservice": "true",
}


def check_operation(operation: str, resource: Resource, changed: Sequence[str] = ()) -> None:
    """Raise PermissionError where the stack's role, else its caller, lacks a permission for the operation.

    operation: create, update or delete. changed: the names of the properties that an update changes.
    """
    principal = stack_principal(resource.stack)
    if principal:
        _raise_first(principal, _denials(principal, operation, resource, changed))


def check_read(resource: Resource) -> None:
    """Raise PermissionError where the stack's role, else its caller, may not read the resource, to import it."""
    principal, keys = stack_principal(resource.stack), _request_keys(resource.stack)
    if principal:
        actions = own_actions(resource.kind, handler_permissions(resource.kind, "read"))
        requests = (_requests(principal, action, resource, keys) for action in actions)
        _raise_first(principal, (enforcement.alternatives_denial([alternative]) for alternative in requests))


def require_actions(stack: str, actions: Sequence[str], resource: str) -> None:
    """Raise PermissionError unless the stack's role, else its caller, may do all `actions` on `resource`, an ARN."""
    if not enforces_iam():
        return
    principal, keys = stack_principal(stack), _request_keys(stack)
    if principal:
        requests = (Request(principal, action, resource, get_region(), keys) for action in actions)
        _raise_first(principal, (enforcement.alternatives_denial([[request]]) for request in requests))


def _request_keys(stack: str) -> Mapping[str, object]:
    """Return the condition keys of the requests that CloudFormation makes for the stack."""
    return {} if stack_role(stack) else _CALLED_VIA_KEYS


def _raise_first(principal: PrincipalInfo, denials: Iterable[Denial | None]) -> None:
    """Raise PermissionError for the first denial, if there is one."""
    if denial := next(filter(None, denials), None):
        raise PermissionError(denial.message(principal.arn))


def _denials(
    principal: PrincipalInfo, operation: str, resource: Resource, changed: Sequence[str]
) -> Iterator[Denial | None]:
    """Yield the result of each check of an operation: on its actions, further ones and dependent ones."""
    keys = _request_keys(resource.stack)
    # Each entry is a list of actions of which one has to be allowed.
    of_properties = [[action] for action in actions_for_properties(resource.kind, changed)]
    for alternatives in of_properties or [required_actions(resource.kind, operation)]:
        if alternatives:
            yield enforcement.alternatives_denial(
                [_requests(principal, action, resource, keys) for action in alternatives]
            )
    dependent = list(dependent_actions.dependent_permissions(operation, resource, changed))
    dependent_names = {permission.action for permission in dependent}
    for action in further_actions(resource.kind, operation, resource.properties):
        if action not in dependent_names:
            yield enforcement.alternatives_denial([_requests(principal, action, resource, keys)])
    yield dependent_actions.first_denial(principal, get_region(), iter(dependent), **keys)


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
