"""The stages of a pipeline that deploy, with their accounts, and whether an approval precedes them.

A pipeline is a definition of CodePipeline's API or of a template. Their keys differ in the first letter's case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_ACCOUNT = re.compile(r"\b\d{12}\b")


@dataclass(frozen=True)
class DeployingStage:
    """A stage that deploys. approved: whether an approval is between it and the deploying stage before it."""

    name: str
    accounts: frozenset[str]
    approved: bool


def deploying_stages(pipeline: Mapping[str, Any]) -> Sequence[DeployingStage]:
    """Return the stages that deploy, in the pipeline's order."""
    stages, approved = list[DeployingStage](), False
    for stage in _get(pipeline, "stages"):
        categories = {_category(action) for action in _get(stage, "actions")}
        approved = approved or "Approval" in categories
        if "Deploy" in categories:
            accounts = frozenset(account for arn in _role_texts(stage) for account in _ACCOUNT.findall(arn))
            stages.append(DeployingStage(_get(stage, "name"), accounts, approved))
            approved = False
    return stages


def deploying_roles(pipeline: Mapping[str, Any]) -> set[str]:
    """Return the ARNs of the roles of deploying actions, in the partition aws."""
    texts = (text for stage in _get(pipeline, "stages") for text in _role_texts(stage))
    return {f"arn:aws:iam::{match[1]}:role/{match[2]}" for text in texts for match in _ROLE.finditer(text)}


_ROLE = re.compile(r":iam::(\d{12}):role/([\w+=,.@-]+)")


def _role_texts(stage: Mapping[str, Any]) -> Iterator[str]:
    for action in _get(stage, "actions"):
        if _category(action) == "Deploy":
            for role in (_get(action, "roleArn", ""), _get(action, "configuration", {}).get("RoleArn", "")):
                yield json.dumps(role)


def _category(action: Mapping[str, Any]) -> str:
    return str(_get(_get(action, "actionTypeId"), "category"))


def _get(mapping: Mapping[str, Any], name: str, default: Any = None) -> Any:
    return mapping.get(name, mapping.get(name[0].upper() + name[1:], default))
