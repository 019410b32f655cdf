"""Evaluation of policies for each request: MiniStack's own check, then further checks; every decision is recorded."""

from __future__ import annotations

import contextvars
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self

from rehearsal.emulator.iam.decision_log import Decision, decisions
from rehearsal.emulator.iam.denial_messages import Denial, ResourcePolicyResult, explain_denial
from rehearsal.emulator.iam.roles import role_of
from rehearsal.emulator.ministack.port import policies
from rehearsal.emulator.ministack.port.policies import AuthError, EvalContext, EvalResult, PrincipalInfo, SignedRequest
from rehearsal.emulator.ministack.port.requests import Answer, first_value, get_account_id
from rehearsal.json_values import mapping

Check = Callable[["Request"], Denial | None]
Enforce = Callable[..., EvalResult | AuthError | None]

# Operations of S3 that no bucket's policy can allow; MiniStack decides unsigned requests to S3 by bucket policies only.
_ACCOUNT_ACTIONS = frozenset({"s3:ListAllMyBuckets", "s3:CreateBucket"})

_additional_checks: list[Check] = []
# MiniStack passes neither the caller to the functions that create a stack's resources, nor the signed request to its
# check of policies.
caller: contextvars.ContextVar[PrincipalInfo | None] = contextvars.ContextVar("caller", default=None)
_original_request: contextvars.ContextVar[SignedRequest | None] = contextvars.ContextVar(
    "original_request", default=None
)
# MiniStack answers a denied request itself: this is how the answer gets the reason.
last_denial: contextvars.ContextVar[Denial | None] = contextvars.ContextVar("last_denial", default=None)


@dataclass(frozen=True)
class Request:
    """A request of a principal.

    keys: the service's condition keys of the request, in lower case. method, query, headers and body: the signed
    request's, as it arrived.
    """

    principal: PrincipalInfo
    action: str
    resource: str
    region: str
    keys: Mapping[str, object] = field(default_factory=dict)
    body: bytes = b""
    method: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def context(self) -> EvalContext:
        """The request as MiniStack's evaluation of policies takes it."""
        return EvalContext(
            principal_arn=self.principal.arn,
            principal_type=self.principal.type,
            principal_account=self.principal.account,
            action=self.action,
            resource_arn=self.resource,
            region=self.region,
            secure_transport=True,  # with IAM all requests use TLS, and those of services always do
            service_context=dict(self.keys),
            principal_keys=self.principal.keys,
        )

    def for_action(self, action: str, resource: str, keys: Mapping[str, object] = MappingProxyType({})) -> Self:
        """Return a request of the same principal for an action that this one needs, with its own condition keys."""
        return replace(self, action=action, resource=resource, keys=keys)


def add_check(check: Check) -> None:
    """Call `check` for every request that MiniStack allows to a principal with policies."""
    _additional_checks.append(check)


def keep_signed_request(authenticate: Callable[..., object]) -> Callable[..., object]:
    """Return the replacement of the function that checks a signature; it keeps the request, which MiniStack drops."""

    def authenticate_and_keep(*request: object) -> object:
        _keep_signed_request()
        return authenticate(*request)

    return authenticate_and_keep


def check_requests(enforce: Enforce) -> Enforce:
    """Return the replacement of MiniStack's check of a request, and remove all checks that add_check has added."""
    _additional_checks.clear()

    def enforce_and_check(
        access_key: str, action: str, service: str, region: str, resource_arn: str = "*", **named: object
    ) -> EvalResult | AuthError | None:
        caller.set(None)
        _keep_signed_request()
        if action in _ACCOUNT_ACTIONS and policies.is_anonymous():
            return AuthError("AccessDenied", "Access Denied")
        answer = enforce(access_key, action, service, region, resource_arn, **named)
        principal = policies.resolve_principal(access_key or "", get_account_id())
        if isinstance(answer, AuthError) or isinstance(principal, AuthError) or principal.policies is None:
            return answer
        caller.set(principal)
        keys = {key.lower(): value for key, value in mapping(named, "service_context").items()}
        request = _with_signed_parts(Request(principal, action, resource_arn, region, keys), _original_request.get())
        if answer:
            result = _evaluate_resource_policy(request, *policies.resource_policy(service, resource_arn))
            _record_denial(request, result)
            return answer
        denial = _check_further(request)
        return EvalResult("ImplicitDeny", principal_arn=principal.arn) if denial else None

    return enforce_and_check


def _keep_signed_request() -> None:
    _original_request.set(policies.signed_request() or _original_request.get())


def _check_further(request: Request) -> Denial | None:
    """Return the denial of a request that MiniStack allows."""
    last_denial.set(None)
    denial = next(filter(None, (check(request) for check in _additional_checks)), None)
    if denial is None or denial.action != request.action:  # else a check has recorded the denial of this same action
        _record_allowed(request)
    return denial


def _with_signed_parts(request: Request, signed: SignedRequest | None) -> Request:
    if signed is None:
        return request
    query = {name: str(first_value(value)) for name, value in signed.query_params.items()}
    return replace(request, body=signed.body, method=signed.method, query=query, headers=signed.headers)


def denial_message(session: str) -> str:
    """Return the message for a request of `session` that was just denied."""
    denial = last_denial.get()
    return denial.message(session) if denial else f"User: {session} is not authorized"


def explain_denials(respond: Callable[..., Answer]) -> Callable[..., Answer]:
    """Return the replacement of the function that answers a denied request; it adds the reason to AWS's message."""

    def respond_with_reason(service: str, action: str, principal_arn: str, request_id: str, **named: object) -> Answer:
        denial = last_denial.get()
        if denial is None or named.get("error_code"):
            return respond(service, action, principal_arn, request_id, **named)
        message = denial.message(principal_arn)
        status, headers, body = respond(service, action, principal_arn, request_id, **named | {"message": message})
        if service in {"ssm", "logs"}:  # for these, MiniStack ignores `message`
            body = json.dumps({**json.loads(body), "Message": message}).encode()
        return status, headers, body

    return respond_with_reason


def find_denial(
    request: Request, *, policy: str | None = None, owner: str | None = None, required: bool = False
) -> Denial | None:
    """Evaluate the principal's policies, and the resource's; return the denial, None where both allow the action.

    policy: the resource's policy, of the account `owner`. required: the resource's policy has to allow the action as
    well. The decision is recorded.
    """
    principal, context = request.principal, request.context
    answer = policies.evaluate(context, principal.policies or [], *principal.limits)
    if policy is not None or required:
        limits = principal.limits
        answer = policies.combine_resource_policy(answer, context, policy, owner, required=required, limits=limits)
    if answer.decision == "Allow":
        _record_allowed(request)
        return None
    return _record_denial(request, _evaluate_resource_policy(request, policy, owner, required=required))


def evaluate_request(request: Request) -> Denial | None:
    """Evaluate the principal's policies, the resource's policy and the added checks; return the denial, if any."""
    service = request.action.partition(":")[0]
    policy, owner = policies.resource_policy(service, request.resource)
    required, request = policies.is_policy_required(service), replace(request, method="GET")
    with policies.calling_as(request.principal.arn):
        denial = find_denial(request, policy=policy, owner=owner, required=required)
        return denial or next(filter(None, (check(request) for check in _additional_checks)), None)


def record_trust_denial(request: Request) -> None:
    """Record that the trust policy of a role, the request's resource, does not let the principal assume the role."""
    _record_denial(
        request,
        ResourcePolicyResult(f"the trust policy of {request.resource}", "ImplicitDeny", decides=True),
    )


def policy_allows(policy: str, request: Request) -> bool:
    """Whether a resource's own policy allows the request."""
    return bool(policies.evaluate_resource_policy(policy, request.context).decision == "Allow")


def record_policy_denial(request: Request, policy: str, owner: str) -> Denial:
    """Record and return the denial of a request that the policy of another account's resource does not allow."""
    return _record_denial(request, _evaluate_resource_policy(request, policy, owner))


def _evaluate_resource_policy(
    request: Request, policy: str | None, owner: str | None, *, required: bool = False
) -> ResourcePolicyResult | None:
    """Return the decision of the resource's policy; None without one."""
    if policy is None:
        return None
    answer = policies.evaluate_resource_policy(policy, request.context)
    of_a_key = request.action.startswith("kms:")
    decides = required or of_a_key or owner not in {None, request.principal.account}
    resource = "*" if of_a_key else request.resource
    return ResourcePolicyResult(
        f"the policy of {request.resource}", answer.decision, decides, answer.matched_sid, resource
    )


def alternatives_denial(alternatives: Sequence[Sequence[Request]]) -> Denial | None:
    """Return None where all requests of one of the alternatives are allowed, which are recorded.

    Otherwise record and return the denial of the first alternative's first denied request.
    """
    for requests in alternatives:
        if all(_is_allowed(request) for request in requests):
            for request in requests:
                _record_allowed(request)
            return None
    denied = next(request for request in alternatives[0] if not _is_allowed(request))
    return find_denial(denied)


def _is_allowed(request: Request) -> bool:
    principal = request.principal
    return bool(policies.evaluate(request.context, principal.policies or [], *principal.limits).decision == "Allow")


def _record_allowed(request: Request) -> None:
    decisions.add(Decision(role_of(request.principal.arn), request.action, request.resource, allowed=True))


def _record_denial(request: Request, resource_policy: ResourcePolicyResult | None) -> Denial:
    denial = explain_denial(role_of(request.principal.arn), request.principal, request.context, resource_policy)
    last_denial.set(denial)
    decisions.add(Decision(denial.principal, denial.action, denial.resource, allowed=False, why=denial.why))
    return denial
