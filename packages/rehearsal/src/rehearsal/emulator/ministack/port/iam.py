"""IAM's roles, users and groups."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import TypedDict

from ministack.core import iam_evaluator
from ministack.services import iam

from rehearsal.emulator.ministack.port.policies import Policies
from rehearsal.emulator.ministack.port.requests import Answer


class Tag(TypedDict):
    Key: str
    Value: str


class IdentityRecord(TypedDict, total=False):
    """A role or a user."""

    Arn: str
    AssumeRolePolicyDocument: str
    AttachedPolicies: list[str]
    InlinePolicies: dict[str, str]
    PermissionsBoundary: str | None
    RoleId: str
    Tags: list[Tag]


def role_record(account: str, name: str) -> IdentityRecord:
    """Return a copy of a role's record; empty if there is none."""
    return _copy(iam._roles.get_scoped(account, None, name))


def _copy(record: IdentityRecord | None) -> IdentityRecord:
    return record.copy() if record else {}


def role_policies(account: str, name: str) -> Policies:
    """Return the policies of a role, inline and attached."""
    policies: Policies = iam_evaluator._gather_role_policies(name, account)
    return policies


def role_limits(account: str, name: str) -> list[Policies]:
    """Return the policies that limit a role's: its permissions boundary; empty where it has none."""
    limits: list[Policies] = iam_evaluator._permissions_boundary(iam._roles, name, account)
    return limits


def set_permissions_boundary(role: str, boundary: str | None) -> None:
    """Set the boundary of a role in the request's account; None removes it. Raises KeyError."""
    iam._roles[role]["PermissionsBoundary"] = boundary


def user_record(account: str, name: str) -> IdentityRecord:
    """Return a copy of a user's record; empty if there is none."""
    return _copy(iam._users.get_scoped(account, None, name))


def inline_user_policies(account: str, name: str) -> dict[str, str]:
    """Return the inline policies of a user by their names."""
    return dict(iam._user_inline_policies.get_scoped(account, None, name) or {})


def groups_of_user(name: str) -> list[str]:
    """Return the names of the groups that a user of the request's account is in."""
    return [group for group, record in iam._groups.items() if name in record.get("Users", [])]


def has_policy(arn: str) -> bool:
    """Whether a managed policy with this ARN exists."""
    return bool(iam._policy_exists(arn))


def own_role(name: str) -> IdentityRecord:
    """Return a copy of the record of a role of the request's account; empty if there is none."""
    return _copy(iam._roles.get(name))


def rewrite_trust_policies(rewrite: Callable[[str], str]) -> None:
    """Apply `rewrite` to the JSON text of every role's trust policy, in all accounts."""
    for record in iam._roles.to_dict().values():
        record["AssumeRolePolicyDocument"] = rewrite(record.get("AssumeRolePolicyDocument") or "")


def parameter(params: Mapping[str, object], name: str) -> str:
    """Return a parameter of a request; empty where the request does not have it."""
    return str(iam._p(params, name) or "")


def error_answer(code: str, message: str, status: int) -> Answer:
    answer: Answer = iam._error(status, code, html.escape(message, quote=False), ns="iam")
    return answer


def add_managed_policy(name: str, document: str) -> None:
    """Add an AWS managed policy, unless MiniStack has it; name: with the path."""
    record = iam._make_aws_managed_record(name, document)
    iam._aws_managed_policies.setdefault(record["Arn"], record)
