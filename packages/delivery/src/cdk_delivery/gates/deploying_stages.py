"""The stages of a pipeline that deploy, with their accounts, and whether an approval precedes them.

A pipeline is a definition of CodePipeline's API or of a template. Their keys differ in the first letter's case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cdk_delivery.json_values import items, mapping, member

_ACCOUNT = re.compile(r"\b\d{12}\b")
_ROLE = re.compile(r":iam::(\d{12}):role/([\w+=,.@-]+)")


@dataclass(frozen=True)
class DeployingStage:
    """A stage that deploys. approved: whether an approval is between it and the deploying stage before it."""

    name: str
    accounts: frozenset[str]
    approved: bool


def deploying_stages(pipeline: Mapping[str, object]) -> Sequence[DeployingStage]:
    """Return the stages that deploy, in the pipeline's order."""
    stages, approved = list[DeployingStage](), False
    for stage in items(_get(pipeline, "stages")):
        categories = {_category(action) for action in items(_get(stage, "actions"))}
        approved = approved or "Approval" in categories
        if "Deploy" in categories:
            accounts = frozenset(account for arn in _role_texts(stage) for account in _ACCOUNT.findall(arn))
            stages.append(DeployingStage(str(_get(stage, "name")), accounts, approved))
            approved = False
    return stages


def deploying_roles(pipeline: Mapping[str, object]) -> set[str]:
    """Return the ARNs of the roles of deploying actions, in the partition aws."""
    texts = (text for stage in items(_get(pipeline, "stages")) for text in _role_texts(stage))
    return {f"arn:aws:iam::{match[1]}:role/{match[2]}" for text in texts for match in _ROLE.finditer(text)}


def _role_texts(stage: object) -> Iterator[str]:
    """Yield the roles of the stage's deploying actions as JSON: in a template they contain intrinsic functions."""
    for action in items(_get(stage, "actions")):
        if _category(action) == "Deploy":
            for role in (_get(action, "roleArn", ""), member(_get(action, "configuration"), "RoleArn") or ""):
                yield json.dumps(role)


def _category(action: object) -> str:
    return str(_get(_get(action, "actionTypeId"), "category"))


def _get(value: object, name: str, default: object = None) -> object:
    """Return a member by its name in the API or in a template."""
    members = mapping(value)
    return members.get(name, members.get(name[0].upper() + name[1:], default))
