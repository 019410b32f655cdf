"""A denial explains itself: who wanted what of which resource, which policies were looked at, which one lacks what."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from rehearsal.emulator.iam import roles
from rehearsal.emulator.ministack.port import policies
from rehearsal.emulator.ministack.port.policies import EvalContext, ParsedStatement, PrincipalInfo


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


@dataclass(frozen=True)
class ResourcePolicyResult:
    """A resource's own policy, which was asked as well; decision: Allow, Deny or ImplicitDeny.

    name: such as `the policy of ARN`. decides: it has to allow what is asked, whatever the principal's policies do.
    resource: what a statement of it names as its resource, which those of a role's trust policy do not.
    """

    name: str
    decision: str
    decides: bool
    sid: str = ""
    resource: str = ""


def explain_denial(
    principal: str, who: PrincipalInfo, context: EvalContext, own: ResourcePolicyResult | None
) -> Denial:
    """own: the policy of what is asked about, where it has one."""
    looked_at = [*roles.policies(principal), *([own.name] if own else [])]
    nothing = f"no policy at all: the {'user' if ':user/' in principal else 'role'} has none"
    lacks = "; ".join(_missing_permissions(principal, who, context, own))
    why = f"looked at {', '.join(looked_at) or nothing}; {lacks}"
    return Denial(principal, context.action, context.resource_arn, why)


def _missing_permissions(
    principal: str, who: PrincipalInfo, context: EvalContext, own: ResourcePolicyResult | None
) -> list[str]:
    answer = policies.evaluate(context, who.policies or [], *who.limits)
    if answer.decision == "Deny":
        return [f"{_statement(answer.matched_sid)} with Effect Deny matches"]
    if own and own.decision == "Deny":
        return [f"{_statement(own.sid)} of {own.name} with Effect Deny matches"]
    missing = {"Effect": "Allow", "Action": context.action, "Resource": context.resource_arn}
    lacks = []
    if answer.decision != "Allow":
        lacks.append(_closest_statement(who, context) or f"missing is {json.dumps(missing)}")
    if own and own.decides and own.decision != "Allow":
        named = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": context.action}
        named |= {"Resource": own.resource} if own.resource else {}
        lacks.append(f"missing in {own.name} is {json.dumps(named)}")
    return lacks or [f"missing is {json.dumps(missing)}"]


def _closest_statement(who: PrincipalInfo, context: EvalContext) -> str:
    """Return why a matching statement did not allow the request: its conditions or a limit; empty without one."""
    statements: list[ParsedStatement] = [each for policy in who.policies or [] for each in policy]
    if policies.first_match(context, statements, "Allow"):
        return "its policies allow it, its boundary or the session's policy does not"
    without = [replace(each, conditions={}) for each in statements]
    found = policies.first_match(context, without, "Allow")
    if not found:
        return ""
    conditions = statements[next(n for n, each in enumerate(without) if each is found)].conditions
    return f"{_statement(found.sid)} would allow it, but its conditions are not met: {json.dumps(conditions)}"


def _statement(sid: str) -> str:
    return f"a statement {sid}" if sid else "a statement"
