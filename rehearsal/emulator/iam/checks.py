"""Where a request meets policies: MiniStack's own check, then those that it leaves out, each decision noted down."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ministack.core import iam_actions
from ministack.core import iam_evaluator as evaluator
from ministack.core.iam_evaluator import AuthError, EvalContext, EvalResult, PrincipalInfo, SignedRequest
from ministack.core.responses import get_account_id

from rehearsal.emulator.iam import denials
from rehearsal.emulator.iam.decisions import Decision, decisions
from rehearsal.emulator.iam.roles import role_of

Check = Callable[["Request"], EvalResult | None]

_after: list[Check] = []
caller: contextvars.ContextVar[PrincipalInfo | None] = contextvars.ContextVar("caller", default=None)
last_denial: contextvars.ContextVar[denials.Denial | None] = contextvars.ContextVar("last_denial", default=None)


@dataclass(frozen=True)
class Request:
    """What a principal wants to do.

    keys: what the service tells policies about the request, in lower case. method, query, headers and body: the signed
    request's, as it arrived.
    """

    principal: PrincipalInfo
    action: str
    resource: str
    region: str
    keys: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = b""
    method: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def after(check: Check) -> None:
    """Ask `check` as well, of every request that MiniStack allows to a principal with policies."""
    _after.append(check)


def install() -> None:
    """Stand before MiniStack's `enforce`."""
    _after.clear()
    asked = evaluator.enforce

    def enforce(
        access_key: str, action: str, service: str, region: str, resource_arn: str = "*", **named: Any
    ) -> EvalResult | AuthError | None:
        caller.set(None)
        signed = evaluator._signed_request.get()  # gone once the signature is checked
        answer = asked(access_key, action, service, region, resource_arn, **named)
        principal = evaluator.resolve_principal(access_key or "", get_account_id())
        if isinstance(answer, AuthError) or isinstance(principal, AuthError) or principal.policies is None:
            return answer
        caller.set(principal)
        keys = {key.lower(): value for key, value in (named.get("service_context") or {}).items()}
        request = Request(principal, action, resource_arn, region, keys, **_as_it_arrived(signed))
        _note(request, answer, None)
        return answer or next(filter(None, (check(request) for check in _after)), None)

    evaluator.enforce = enforce
    _explain()


def _as_it_arrived(signed: SignedRequest | None) -> dict[str, Any]:
    if signed is None:
        return {}
    query = {name: value[0] if isinstance(value, list) else value for name, value in signed.query_params.items()}
    return {"body": signed.body, "method": signed.method, "query": query, "headers": signed.headers}


def told(session: str) -> str:
    """What the answer to a request of `session` that was just denied says."""
    denial = last_denial.get()
    return denial.message(session) if denial else f"User: {session} is not authorized"


def _explain() -> None:
    """Let the answer to a denied request say why; AWS's words come first."""
    plain = iam_actions.access_denied_response

    def explained(service: str, action: str, principal_arn: str, request_id: str, **named: Any) -> Any:
        denial = last_denial.get()
        if denial and not named.get("error_code"):
            named["message"] = denial.message(principal_arn)
        return plain(service, action, principal_arn, request_id, **named)

    iam_actions.access_denied_response = explained


def denied(
    request: Request,
    action: str,
    resource: str,
    *,
    keys: Mapping[str, Any] | None = None,
    policy: str | None = None,
    owner: str | None = None,
    required: bool = False,
) -> EvalResult | None:
    """Ask the principal's policies whether it may do `action` on `resource`, and the resource's own if `required`."""
    who = request.principal
    context = _context(request, action, resource, keys or {})
    answer = evaluator.evaluate(context, who.policies or [], *who.limits)
    if required:
        answer = evaluator.combine_resource_policy(answer, context, policy, owner, required=True, limits=who.limits)
    refused = None if answer.decision == "Allow" else answer
    _note(Request(who, action, resource, request.region, keys or {}), refused, policy)
    if refused:
        refused.principal_arn = who.arn
    return refused


def _context(request: Request, action: str, resource: str, keys: Mapping[str, Any]) -> EvalContext:
    who = request.principal
    return EvalContext(
        principal_arn=who.arn,
        principal_type=who.type,
        principal_account=who.account,
        action=action,
        resource_arn=resource,
        region=request.region,
        service_context=dict(keys),
        principal_keys=who.keys,
    )


def none_allowed(alternatives: Sequence[Sequence[Request]]) -> bool:
    """Whether no alternative is allowed with all its requests; what the first one lacks is then what is denied."""
    for requests in alternatives:
        if all(_allowed(request) for request in requests):
            for request in requests:
                _note(request, None, None)
            return False
    lacking = next(request for request in alternatives[0] if not _allowed(request))
    return denied(lacking, lacking.action, lacking.resource, keys=lacking.keys) is not None


def _allowed(request: Request) -> bool:
    who, context = request.principal, _context(request, request.action, request.resource, request.keys)
    return bool(evaluator.evaluate(context, who.policies or [], *who.limits).decision == "Allow")


def _note(request: Request, refused: EvalResult | None, policy: str | None) -> None:
    principal = role_of(request.principal.arn)
    denial = None
    if refused:
        context = _context(request, request.action, request.resource, request.keys)
        nearly = "" if policy is not None else denials.nearly(request.principal, context)
        denial = denials.of(principal, request.action, request.resource, refused, policy=policy, nearly=nearly)
        last_denial.set(denial)
    decisions.add(Decision(principal, request.action, request.resource, refused is None, denial.why if denial else ""))
