"""Messages of denials: the principal, action and resource, the policies that were evaluated, and what is missing."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from rehearsal.emulator.iam import roles
from rehearsal.emulator.ministack.port import policies
from rehearsal.emulator.ministack.port.policies import EvalContext, ParsedStatement, PrincipalInfo


@dataclass(frozen=True)
class Denial:
    """One denied request; why: the end of the message, in words."""

    principal: str
    action: str
    resource: str
    why: str

    def message(self, session: str) -> str:
        """Return AWS's message for the principal's `session`, with the reason."""
        return f"User: {session} is not authorized to perform: {self.action} on resource: {self.resource} ({self.why})"


@dataclass(frozen=True)
class ResourcePolicyResult:
    """Result of evaluating a resource-based policy.

    name: such as `the policy of ARN`. decision: Allow, Deny or ImplicitDeny. decides: whether this policy has to allow
    the request, whatever the principal's policies allow. resource: the Resource of a statement in it; empty for a
    role's trust policy, whose statements have none.
    """

    name: str
    decision: str
    decides: bool
    sid: str = ""
    resource: str = ""


def explain_denial(
    principal: str, principal_info: PrincipalInfo, context: EvalContext, resource_policy: ResourcePolicyResult | None
) -> Denial:
    """Return the denial with its reason; resource_policy: the result of the resource's policy, if it has one."""
    looked_at = [*roles.policies(principal), *([resource_policy.name] if resource_policy else [])]
    nothing = f"no policy at all: the {'user' if ':user/' in principal else 'role'} has none"
    lacks = "; ".join(_missing_permissions(principal, principal_info, context, resource_policy))
    why = f"looked at {', '.join(looked_at) or nothing}; {lacks}"
    return Denial(principal, context.action, context.resource_arn, why)


def _missing_permissions(
    principal: str, principal_info: PrincipalInfo, context: EvalContext, resource_policy: ResourcePolicyResult | None
) -> list[str]:
    answer = policies.evaluate(context, principal_info.policies or [], *principal_info.limits)
    if answer.decision == "Deny":
        return [f"{_statement(answer.matched_sid)} with Effect Deny matches"]
    if resource_policy and resource_policy.decision == "Deny":
        return [f"{_statement(resource_policy.sid)} of {resource_policy.name} with Effect Deny matches"]
    missing = {"Effect": "Allow", "Action": context.action, "Resource": context.resource_arn}
    lacks = []
    if answer.decision != "Allow":
        lacks.append(_closest_statement(principal_info, context) or f"missing is {json.dumps(missing)}")
    if resource_policy and resource_policy.decides and resource_policy.decision != "Allow":
        statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": context.action}
        statement |= {"Resource": resource_policy.resource} if resource_policy.resource else {}
        lacks.append(f"missing in {resource_policy.name} is {json.dumps(statement)}")
    return lacks or [f"missing is {json.dumps(missing)}"]


def _closest_statement(principal_info: PrincipalInfo, context: EvalContext) -> str:
    """Return why a matching statement did not allow the request: its conditions or a limit; empty without one."""
    statements: list[ParsedStatement] = [statement for policy in principal_info.policies or [] for statement in policy]
    if policies.first_match(context, statements, "Allow"):
        return "its policies allow it, its boundary or the session's policy does not"
    unconditional = [replace(statement, conditions={}) for statement in statements]
    closest = policies.first_match(context, unconditional, "Allow")
    if not closest:
        return ""
    conditions = statements[next(n for n, statement in enumerate(unconditional) if statement is closest)].conditions
    return f"{_statement(closest.sid)} would allow it, but its conditions are not met: {json.dumps(conditions)}"


def _statement(sid: str) -> str:
    return f"a statement {sid}" if sid else "a statement"
