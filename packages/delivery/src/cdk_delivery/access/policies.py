"""The policies that `delivery bootstrap` puts into the accounts."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cdk_delivery.access.boundary import BOUNDARY
from cdk_delivery.access.resource_permissions import needed_actions
from cdk_delivery.constructs.build_names import QUALIFIER, TESTS_ROLES
from cdk_delivery.quotas import MANAGED_POLICY

# What CDK makes in the pipeline's account for environments in other regions.
SUPPORT_STACK_TYPES = ("AWS::KMS::Alias", "AWS::KMS::Key", "AWS::S3::Bucket", "AWS::S3::BucketPolicy")
# Only with the boundary may a role be made or get more rights. Source: IAM user guide, "Permissions boundaries".
_ROLE_ACTIONS = ("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary")
_ASSETS = f"arn:aws:s3:::cdk-{QUALIFIER}-assets-*"
# What no role of a stack may do, whatever its policy says.
_DENIED_ACTIONS = ["iam:*", "organizations:*", "account:*", "sso:*", "cloudtrail:StopLogging", "cloudtrail:DeleteTrail"]

# Roles of the account itself, which open all of it: those of Organizations, Control Tower and stack sets.
ACCOUNT_ROLES = (
    "OrganizationAccountAccessRole",
    "AWSControlTower*",
    "aws-controltower-*",
    "stacksets-exec-*",
    "aws-reserved/*",
)
# Every action of IAM that changes a role or a policy; iam:PassRole changes nothing.
_CHANGES = [
    f"iam:{verb}*"
    for verb in ("Add", "Attach", "Create", "Delete", "Detach", "Put", "Remove", "Set", "Tag", "Untag", "Update")
]
_PIPELINE = "AWS::CodePipeline::Pipeline"
_SHOWN = 12  # characters of a logical id that are in a function's name, also where the stack's name is long

Policy = Mapping[str, Any]


def execution_policies(
    name: str,
    types: Collection[str],
    *,
    passed_to: Collection[str],
    names: Collection[str],
    called: Collection[str] = (),
) -> Mapping[str, Policy]:
    """Return what CloudFormation may do to deploy stacks of these resource types, and nothing else.

    The policy `name` is about roles; `NAME-resources`, and as many more as it takes (`NAME-resources-2`), about the
    rest. passed_to: the services that get roles; names: patterns of the stacks' roles and policies, since no condition
    names the roles with the boundary, and a role's tags do not either. called: the logical ids of the functions of
    custom resources, which CloudFormation calls; a function's name begins as those of roles, and goes on with its
    logical id, cut where it is long. Source: IAM user guide, "Grant a user permissions to pass a role to an AWS
    service".
    """
    actions = sorted({action for kind in types for action in needed_actions(kind)})
    plain = [action for action in actions if not action.startswith(("iam:", "s3:GetObject"))]
    connections = ["codeconnections:PassConnection"] if "codestar-connections:PassConnection" in actions else []
    parts = _split([*plain, *connections])
    numbered = {f"{name}-resources{f'-{number}' if number > 1 else ''}": part for number, part in enumerate(parts, 1)}
    stacks = [pattern.removesuffix("*") for pattern in names if pattern != TESTS_ROLES]
    functions = [f"arn:aws:lambda:*:*:function:{stack}{id_[:_SHOWN]}*" for stack in stacks for id_ in sorted(called)]
    role_policy = _role_policy(actions, passed_to, names, functions, passes_bootstrap_roles=_PIPELINE in types)
    return {name: role_policy, **numbered}


def _role_policy(
    actions: Collection[str],
    passed_to: Collection[str],
    names: Collection[str],
    called: Sequence[str],
    *,
    passes_bootstrap_roles: bool,
) -> Policy:
    roles = [_role(name) for name in names]
    held = [*roles, *(f"arn:aws:iam::*:policy/{name}" for name in names)]
    unbound = [
        action for action in actions if action.startswith("iam:") and action not in (*_ROLE_ACTIONS, "iam:PassRole")
    ]
    bound = {"StringLike": {"iam:PermissionsBoundary": f"arn:aws:iam::*:policy/{BOUNDARY}"}}
    return _document(
        _allow("Assets", ["s3:GetObject", "s3:GetObjectVersion"], f"{_ASSETS}/*"),
        _allow("BootstrapVersion", ["ssm:GetParameters"], "arn:aws:ssm:*:*:parameter/cdk-bootstrap/*"),
        _allow("Roles", unbound, held),
        _allow("BoundRoles", list(_ROLE_ACTIONS), roles, bound),
        _pass("PassRoles", roles, passed_to),
        *([_allow("CustomResources", ["lambda:InvokeFunction"], called)] if called else ()),
        *(_bootstrap_roles_of_actions() if passes_bootstrap_roles else ()),
        _deny("KeepBoundary", ["iam:DeleteRolePermissionsBoundary"], "*"),
        _deny("KeepBootstrap", _CHANGES, [_role("cdk-*"), "arn:aws:iam::*:policy/delivery-*"]),
        _deny("KeepAccountRoles", ["iam:*"], [_role(name) for name in ACCOUNT_ROLES]),
    )


def _bootstrap_roles_of_actions() -> Sequence[Mapping[str, Any]]:
    """Return what lets a pipeline's actions have the bootstrap's roles, of any account.

    AWS does not document that CreatePipeline needs it. Other projects pass these roles by name, and it opens nothing:
    they trust the pipeline's account and CloudFormation only.
    """
    deploy, execution = (_role(f"cdk-{QUALIFIER}-{kind}-role-*") for kind in ("deploy", "cfn-exec"))
    return (
        _allow("ReadBootstrapRoles", ["iam:GetRole"], [deploy, execution]),
        _pass("PassDeployRoles", [deploy], ["codepipeline.amazonaws.com"]),
        _pass("PassExecutionRoles", [execution], ["cloudformation.amazonaws.com"]),
    )


def _split(actions: Sequence[str]) -> Sequence[Policy]:
    """Return as many policies as it takes, none of them longer than IAM allows."""
    parts: list[list[str]] = [[]]
    for action in actions:
        if policy_size(_resources([*parts[-1], action])) > MANAGED_POLICY:
            parts.append([])
        parts[-1].append(action)
    return [_resources(part) for part in parts]


def _resources(actions: Sequence[str]) -> Policy:
    return _document(_allow("Resources", actions))


def policy_size(policy: Policy) -> int:
    """Return the characters that IAM counts, which are those without white space."""
    return len(json.dumps(policy, separators=(",", ":")))


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


def _pass(sid: str, roles: Sequence[str], services: Collection[str]) -> Mapping[str, Any]:
    return _allow(sid, ["iam:PassRole"], roles, {"StringEquals": {"iam:PassedToService": sorted(services)}})


def _role(name: str) -> str:
    return f"arn:aws:iam::*:role/{name}"
