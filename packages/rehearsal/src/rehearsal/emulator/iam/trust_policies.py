"""A fault of MiniStack: who is kept from a role by the role's trust policy is not told that it is this policy."""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator as evaluator
from ministack.core.iam_evaluator import EvalContext
from ministack.services import sts

from rehearsal.emulator.iam import enforcement
from rehearsal.emulator.iam.enforcement import Request


def explain_trust_policy_denials() -> None:
    """The denial is noted down, and the answer names the trust policy and the statement that it lacks."""
    trusts, error = evaluator.evaluate_trust_policy, sts._error

    def evaluate_and_record(policy: Any, caller: str, context: EvalContext | None = None) -> bool:
        allowed = bool(trusts(policy, caller, context))
        who = enforcement.caller.get()
        if not allowed and context and who and who.arn == caller:
            keys = {name: value for name, value in context.service_context.items() if value is not None}
            enforcement.record_trust_denial(Request(who, context.action, context.resource_arn, context.region, keys))
        return allowed

    def error_with_reason(status: int, code: str, message: str, *rest: Any, **named: Any) -> Any:
        who, denial = enforcement.caller.get(), enforcement.last_denial.get()
        if code == "AccessDenied" and who and denial and denial.action.startswith("sts:"):
            message = denial.message(who.arn)
        return error(status, code, message, *rest, **named)

    evaluator.evaluate_trust_policy, sts._error = evaluate_and_record, error_with_reason
