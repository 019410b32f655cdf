"""Permissions of roles, compared with their use: used, never used, denied."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pipeline_console.views.decision import Decision

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient
    from types_boto3_iam.type_defs import PolicyDocumentDictTypeDef


@dataclass(frozen=True)
class Grant:
    """One action, which may be a pattern, that a statement of a policy allows on resources, which may be patterns.

    not_actions: the statement's NotAction; the action is `*` then. not_resources: its NotResource, likewise.
    """

    policy: str
    action: str
    resources: tuple[str, ...]
    not_actions: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()

    def covers(self, decision: Decision) -> bool:
        """Whether this may have allowed the decision. Resources that CloudFormation creates have no ARN yet."""
        action, resource = decision.action.lower(), decision.resource
        excluded = [name.lower() for name in self.not_actions]
        covers_action = _matches(action, self.action.lower()) and not _matches_any(action, excluded)
        covers_resource = not resource.startswith("arn:") or (
            _matches_any(resource, self.resources) and not _matches_any(resource, self.not_resources)
        )
        return decision.allowed and covers_action and covers_resource

    def action_text(self) -> str:
        return f"all but {', '.join(self.not_actions)}" if self.not_actions else self.action

    def resource_texts(self) -> tuple[str, ...]:
        return (f"all but {', '.join(self.not_resources)}",) if self.not_resources else self.resources


@dataclass(frozen=True)
class Report:
    """The requests of one role. used: actions, each once; unused: grants that no request needed; denied: denials."""

    role: str
    used: tuple[str, ...]
    unused: tuple[Grant, ...]
    denied: tuple[Decision, ...]

    def unused_by_resource(self) -> dict[tuple[str, tuple[str, ...]], list[str]]:
        """Return policy and resources -> the actions on them that no request needed."""
        actions_by_resource: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for grant in self.unused:
            actions_by_resource.setdefault((grant.policy, grant.resource_texts()), []).append(grant.action_text())
        return actions_by_resource

    def as_json(self) -> dict[str, object]:
        return {
            "role": self.role,
            "used": list(self.used),
            "never_used": [
                {"action": grant.action_text(), "resources": list(grant.resource_texts()), "policy": grant.policy}
                for grant in self.unused
            ],
            "denied": [
                {"action": decision.action, "resource": decision.resource, "why": decision.why}
                for decision in self.denied
            ],
        }


def report(role: str, grants: Iterable[Grant], decisions: Sequence[Decision]) -> Report:
    """Compare the grants of a role with the decisions about it. decisions: those about other roles are ignored."""
    of_role = [decision for decision in dict.fromkeys(decisions) if decision.principal == role]
    return Report(
        role,
        tuple(sorted({decision.action for decision in of_role if decision.allowed})),
        tuple(grant for grant in grants if not any(grant.covers(decision) for decision in of_role)),
        tuple(decision for decision in of_role if not decision.allowed),
    )


def roles(iam: IAMClient) -> list[str]:
    """Return the ARNs of an account's roles, without those that AWS's services own."""
    pages = iam.get_paginator("list_roles").paginate()
    arns = [role["Arn"] for page in pages for role in page["Roles"]]
    return sorted(role for role in arns if ":role/aws-service-role/" not in role)


def grants(iam: IAMClient, role: str) -> Iterator[Grant]:
    """Return the grants of the role's inline and attached policies."""
    name = role.rpartition("/")[2]
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        yield from _allowed(policy, iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
    for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        yield from _allowed(attached["PolicyName"], document)


def _allowed(policy: str, document: PolicyDocumentDictTypeDef | str) -> Iterator[Grant]:
    statements = (json.loads(document) if isinstance(document, str) else document)["Statement"]
    for statement in [statements] if isinstance(statements, dict) else statements:
        if statement["Effect"] == "Allow":
            resources, not_resources = statement.get("Resource", "*"), statement.get("NotResource", ())
            for action in _listed(statement.get("Action", "*")):
                not_actions = _listed(statement.get("NotAction", ()))
                yield Grant(policy, action, _listed(resources), not_actions, _listed(not_resources))


def _listed(value: object) -> tuple[str, ...]:
    """Return a value or a list of values of a statement as a tuple; empty for anything else."""
    if isinstance(value, str):
        return (value,)
    return tuple(map(str, value)) if isinstance(value, Sequence) else ()


def _matches_any(text: str, patterns: Iterable[str]) -> bool:
    return any(_matches(text, pattern) for pattern in patterns)


def _matches(text: str, pattern: str) -> bool:
    return bool(_compiled(pattern).fullmatch(text))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a pattern of IAM, where `*` is any characters, and `?` one."""
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
