"""A decision of policies, as the embedded AWS reports it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Decision:
    """principal: a role's or user's ARN. why: what a denial looked at, and what it lacked; empty where allowed."""

    principal: str
    action: str
    resource: str
    allowed: bool
    why: str = ""
