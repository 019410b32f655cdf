"""Denials by a role's trust policy, in the log of decisions and in the error of AssumeRole."""

from __future__ import annotations

from collections.abc import Callable

from rehearsal.emulator.iam import enforcement
from rehearsal.emulator.iam.enforcement import Request
from rehearsal.emulator.ministack.port.policies import EvalContext

Evaluate = Callable[[object, str, EvalContext | None], bool]
Error = Callable[..., object]


def record_trust_denials(evaluate: Evaluate) -> Evaluate:
    """Return the replacement of the function that evaluates a trust policy; it records a denial of the caller."""

    def evaluate_and_record(policy: object, caller: str, context: EvalContext | None = None) -> bool:
        allowed = bool(evaluate(policy, caller, context))
        principal = enforcement.caller.get()
        if not allowed and context and principal and principal.arn == caller:
            keys = {name: value for name, value in context.service_context.items() if value is not None}
            enforcement.record_trust_denial(
                Request(principal, context.action, context.resource_arn, context.region, keys)
            )
        return allowed

    return evaluate_and_record


def explain_trust_denials(error: Error) -> Error:
    """Return the replacement of the function that creates STS's errors; it adds the missing statement to a denial."""

    def error_with_reason(status: int, code: str, message: str, *rest: object, **named: object) -> object:
        principal, denial = enforcement.caller.get(), enforcement.last_denial.get()
        if code == "AccessDenied" and principal and denial and denial.action.startswith("sts:"):
            message = denial.message(principal.arn)
        return error(status, code, message, *rest, **named)

    return error_with_reason
