"""Policy evaluation, and the state that MiniStack's evaluator keeps about the current request.

This module looks up functions that a correction replaces when it calls them, so that callers get the replacement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FunctionType

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import (
    AuthError,
    EvalContext,
    EvalResult,
    ParsedStatement,
    PrincipalInfo,
    SignedRequest,
    combine_resource_policy,
    evaluate,
    pin_request_origin,
    pin_signed_body,
    resolve_principal,
)

__all__ = [
    "AuthError",
    "EvalContext",
    "EvalResult",
    "ParsedStatement",
    "Policies",
    "PrincipalInfo",
    "SignedRequest",
    "calling_as",
    "combine_resource_policy",
    "enforce",
    "evaluate",
    "evaluate_resource_policy",
    "evaluate_trust_policy",
    "first_match",
    "ignoring_root_keys",
    "is_anonymous",
    "is_policy_required",
    "mark_anonymous",
    "pin_request_origin",
    "pin_signed_body",
    "pin_signed_request",
    "request_caller",
    "resolve_principal",
    "resource_policy",
    "signed_request",
]

# For each policy, its statements.
Policies = list[list[ParsedStatement]]


def enforce(key: str, action: str, service: str, region: str, resource: str) -> EvalResult | AuthError | None:
    """Return the denial of an action for the principal with access key `key`; None where it is allowed."""
    return iam_evaluator.enforce(key, action, service, region, resource)


def evaluate_resource_policy(policy: object, context: EvalContext, *, service: str | None = None) -> EvalResult:
    """Return the decision of a resource's policy; service: the AWS service that calls, if one does."""
    return iam_evaluator.evaluate_resource_policy(policy, context, service=service)


def evaluate_trust_policy(policy: object, caller: str, context: EvalContext) -> bool:
    """Whether a role's trust policy lets the caller, an ARN, assume the role."""
    return bool(iam_evaluator.evaluate_trust_policy(policy, caller, context))


def first_match(context: EvalContext, statements: Sequence[ParsedStatement], effect: str) -> ParsedStatement | None:
    """Return the first statement with this effect, Allow or Deny, that matches the request; None without one."""
    return iam_evaluator._first_match(context, statements, effect)


def resource_policy(service: str, resource: str) -> tuple[str | None, str | None]:
    """Return the resource's policy and the account of the resource; None for both where it has no policy."""
    policy, owner = iam_evaluator._resource_policy(service, resource) or (None, None)
    return policy, owner


def is_policy_required(service: str) -> bool:
    """Whether the resource's policy has to allow a request even from the resource's own account, as with KMS keys."""
    return service in iam_evaluator._POLICY_REQUIRED


def pin_signed_request(
    method: str, path: str, query: Mapping[str, object], headers: Sequence[tuple[bytes, bytes]]
) -> None:
    """Keep the signed request until its signature is checked."""
    iam_evaluator.pin_signed_request(method, path, query, headers)


def ignoring_root_keys(function: Callable[..., None]) -> Callable[..., None]:
    """Return a copy of a function of MiniStack's evaluator that does not treat any access key as a root user's."""

    def is_root_key(_: object) -> bool:
        return False

    code, defaults = function.__code__, function.__defaults__
    names = {**vars(iam_evaluator), iam_evaluator._is_root_key.__name__: is_root_key}
    return FunctionType(code, names, None, defaults)


def signed_request() -> SignedRequest | None:
    """Return the signed request; None after its signature is checked."""
    return iam_evaluator._signed_request.get()


def mark_anonymous() -> None:
    """Mark the current request as one without credentials."""
    iam_evaluator._anonymous.set(True)


def is_anonymous() -> bool:
    """Whether the current request has no credentials."""
    return bool(iam_evaluator._anonymous.get())


def request_caller() -> str:
    """Return the ARN of the request's principal; empty where it is unknown."""
    return str(iam_evaluator._request_caller_arn.get() or "")


@contextmanager
def calling_as(arn: str) -> Iterator[None]:
    """Set the principal of the current request to `arn` within the context."""
    token = iam_evaluator._request_caller_arn.set(arn)
    try:
        yield
    finally:
        iam_evaluator._request_caller_arn.reset(token)
