"""A denial explains itself: who wanted what of which resource, which policies were looked at, what they lack."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from ministack.core import iam_evaluator as evaluator
from ministack.core.iam_evaluator import EvalContext, EvalResult, PrincipalInfo

from rehearsal.emulator.iam import roles


@dataclass(frozen=True)
class Denial:
    """why: in words, for the end of a message."""

    principal: str
    action: str
    resource: str
    why: str

    def message(self, session: str) -> str:
        """As AWS writes it about the `session` of the principal, and why."""
        return f"User: {session} is not authorized to perform: {self.action} on resource: {self.resource} ({self.why})"


def of(
    principal: str, action: str, resource: str, refused: EvalResult, *, policy: str | None, nearly: str = ""
) -> Denial:
    """policy: that of the resource, where it was asked as well. nearly: what would have allowed it, and why not."""
    looked_at = roles.policies(principal)
    if refused.resource_policy_arn or policy is not None:
        looked_at.append(f"the policy of {resource}")
    asked = f"looked at {', '.join(looked_at) or 'no policy at all: the role has none'}"
    if refused.decision == "Deny":
        sid = f" {refused.matched_sid}" if refused.matched_sid else ""
        return Denial(principal, action, resource, f"{asked}; a statement{sid} with Effect Deny matches")
    missing = json.dumps({"Effect": "Allow", "Action": action, "Resource": resource})
    return Denial(principal, action, resource, f"{asked}; {nearly or f'missing is {missing}'}")


def nearly(who: PrincipalInfo, context: EvalContext) -> str:
    """What kept a statement that fits from allowing the request, its conditions or a limit; empty without one."""
    statements = [each for policy in who.policies or [] for each in policy]
    if evaluator._first_match(context, statements, "Allow"):
        limited = evaluator.evaluate(context, who.policies or [], *who.limits).decision != "Allow"
        return "its policies allow it, its boundary or the session's policy does not" if limited else ""
    without = [replace(each, conditions={}) for each in statements]
    found = evaluator._first_match(context, without, "Allow")
    if not found:
        return ""
    conditions = statements[next(n for n, each in enumerate(without) if each is found)].conditions
    return f"a statement {found.sid} would allow it, but its conditions are not met: {json.dumps(conditions)}"
