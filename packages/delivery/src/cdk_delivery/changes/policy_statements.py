"""The statements and documents of the policies that this package writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Required, TypedDict


class Statement(TypedDict, total=False):
    """A statement of a policy."""

    Action: Required[Sequence[str] | str]
    Condition: Mapping[str, object]
    Effect: Required[Literal["Allow", "Deny"]]
    Principal: Mapping[str, str]
    Resource: Sequence[str] | str
    Sid: str


class PolicyDocument(TypedDict):
    """A policy."""

    Version: str
    Statement: Sequence[Statement]


def document(*statements: Statement) -> PolicyDocument:
    """Return the policy with these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(
    sid: str, actions: Sequence[str], resource: str | Sequence[str] = "*", condition: Mapping[str, object] | None = None
) -> Statement:
    """Return a statement that allows these actions."""
    statement: Statement = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def deny(sid: str, actions: Sequence[str], resource: str | Sequence[str]) -> Statement:
    """Return a statement that denies these actions."""
    return {"Sid": sid, "Effect": "Deny", "Action": list(actions), "Resource": resource}
