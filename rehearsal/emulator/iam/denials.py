"""A denial explains itself: who wanted what of which resource, which policies were looked at, what they lack."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ministack.core.iam_evaluator import EvalResult

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


def of(principal: str, action: str, resource: str, refused: EvalResult, *, policy: str | None) -> Denial:
    """policy: that of the resource, where it was asked as well."""
    looked_at = roles.policies(principal)
    if refused.resource_policy_arn or policy is not None:
        looked_at.append(f"the policy of {resource}")
    asked = f"looked at {', '.join(looked_at) or 'no policy at all: the role has none'}"
    if refused.decision == "Deny":
        sid = f" {refused.matched_sid}" if refused.matched_sid else ""
        return Denial(principal, action, resource, f"{asked}; a statement{sid} with Effect Deny matches")
    missing = json.dumps({"Effect": "Allow", "Action": action, "Resource": resource})
    return Denial(principal, action, resource, f"{asked}; missing is {missing}")
