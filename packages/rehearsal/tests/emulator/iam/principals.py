"""Roles in this process's MiniStack IAM."""

from __future__ import annotations

import json
from typing import Any

from ministack.services import iam

ACCOUNT, OTHER, REGION = "111111111111", "222222222222", "eu-west-1"


def allow(*actions: str, resource: str = "*", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    """Return a policy of one statement."""
    return {"Statement": [{"Effect": effect, "Action": list(actions), "Resource": resource, **more}]}


def trusting(**principal: str) -> dict[str, Any]:
    """Return a trust policy for one principal: AWS="..." or Service="..."."""
    return {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}]}


def make_role(
    name: str,
    policy: dict[str, Any] | None = None,
    *,
    trust: dict[str, Any] | None = None,
    path: str = "/",
    **tags: str,
) -> str:
    """Create a role in ACCOUNT, and return its ARN."""
    arn = f"arn:aws:iam::{ACCOUNT}:role{path}{name}"
    record = {
        "Arn": arn,
        "RoleName": name,
        "RoleId": f"AROA{name.upper()}",
        "InlinePolicies": {"own": json.dumps(policy)} if policy else {},
        "AttachedPolicies": [],
        "AssumeRolePolicyDocument": json.dumps(trust or trusting(AWS=ACCOUNT)),
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    iam._roles.set_scoped(ACCOUNT, None, name, record)
    return arn
