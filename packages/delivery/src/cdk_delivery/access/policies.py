"""The policies that `delivery bootstrap` puts into the accounts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cdk_delivery.access.boundary import BOUNDARY
from cdk_delivery.access.resource_permissions import is_required, required_actions
from cdk_delivery.constructs.build_names import QUALIFIER

# What CDK makes in the pipeline's account for environments in other regions.
SUPPORT_STACK_TYPES = ("AWS::KMS::Alias", "AWS::KMS::Key", "AWS::S3::Bucket", "AWS::S3::BucketPolicy")
# Only with the boundary may a role be made or get more rights. Source: IAM user guide, "Permissions boundaries".
_ROLE_ACTIONS = ("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary")
_ASSETS = f"arn:aws:s3:::cdk-{QUALIFIER}-assets-*"
# What no role of a stack may do, whatever its policy says.
_DENIED_ACTIONS = ["iam:*", "organizations:*", "account:*", "sso:*", "cloudtrail:StopLogging", "cloudtrail:DeleteTrail"]

Policy = Mapping[str, Any]


def execution_policy(types: Collection[str], *, passed_to: Collection[str], names: Collection[str] = ("*",)) -> Policy:
    """What CloudFormation may do to deploy stacks of these resource types, and nothing else.

    passed_to: the services that get roles; names: patterns of the stacks' roles and policies. Source: IAM user guide,
    "Grant a user permissions to pass a role to an AWS service": no condition tells which roles have the boundary, and a
    role's tags are no help, so the names have to.
    """
    roles = [f"arn:aws:iam::*:role/{each}" for each in names]
    held = [*roles, *(f"arn:aws:iam::*:policy/{each}" for each in names)]
    actions = sorted({action for kind in types for action in required_actions(kind) if is_required(action)})
    unbound = [each for each in actions if each.startswith("iam:") and each not in (*_ROLE_ACTIONS, "iam:PassRole")]
    plain = [each for each in actions if not each.startswith(("iam:", "s3:GetObject"))]
    bound = {"StringLike": {"iam:PermissionsBoundary": f"arn:aws:iam::*:policy/{BOUNDARY}"}}
    services = {"StringEquals": {"iam:PassedToService": sorted(passed_to)}}
    connections = ["codeconnections:PassConnection"] if "codestar-connections:PassConnection" in actions else []
    return _document(
        _allow("Resources", [*plain, *connections]),
        _allow("Assets", ["s3:GetObject", "s3:GetObjectVersion"], f"{_ASSETS}/*"),
        _allow("BootstrapVersion", ["ssm:GetParameters"], "arn:aws:ssm:*:*:parameter/cdk-bootstrap/*"),
        _allow("Roles", unbound, held),
        _allow("BoundRoles", list(_ROLE_ACTIONS), roles, bound),
        _allow("PassRoles", ["iam:PassRole"], roles, services),
        _deny("KeepBoundary", ["iam:DeleteRolePermissionsBoundary"], "*"),
        _deny("KeepBootstrap", ["iam:*"], ["arn:aws:iam::*:role/cdk-*", "arn:aws:iam::*:policy/delivery-*"]),
    )


def boundary_policy() -> Policy:
    """The most that a role of a stack can be given: all but the management of identities and accounts.

    A pipeline's role passes no role to CloudFormation but through the bootstrap's roles, which are not made by stacks.
    """
    return _document(_allow("Services", ["*"]), _deny("Identities", _DENIED_ACTIONS, "*"))


def _document(*statements: Mapping[str, Any]) -> Policy:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(
    sid: str, actions: Sequence[str], resource: str | Sequence[str] = "*", condition: Policy | None = None
) -> Mapping[str, Any]:
    found = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resource}
    return {**found, "Condition": condition} if condition else found


def _deny(sid: str, actions: Sequence[str], resource: str | Sequence[str]) -> Mapping[str, Any]:
    return {"Sid": sid, "Effect": "Deny", "Action": list(actions), "Resource": resource}
