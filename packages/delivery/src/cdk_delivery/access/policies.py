"""The IAM policies that `delivery bootstrap` creates in the accounts: execution policies and permissions boundary."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from cdk_delivery.access.boundary import BOUNDARY
from cdk_delivery.access.resource_permissions import needed_actions
from cdk_delivery.access.role_names import QUALIFIER, TESTS_ROLES
from cdk_delivery.changes.policy_statements import PolicyDocument, Statement, allow, deny, document
from cdk_delivery.quotas import MANAGED_POLICY, document_size

# Resource types that CDK creates in the pipeline's account for environments in other regions.
SUPPORT_STACK_TYPES = ("AWS::KMS::Alias", "AWS::KMS::Key", "AWS::S3::Bucket", "AWS::S3::BucketPolicy")
# Actions that create a role or add permissions to it; allowed only with the boundary. Source: IAM user guide,
# "Permissions boundaries".
_ROLE_ACTIONS = ("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary")
_ASSETS = f"arn:aws:s3:::cdk-{QUALIFIER}-assets-*"
# Actions that no role of a stack may call, whatever its policy allows.
_DENIED_ACTIONS = ["iam:*", "organizations:*", "account:*", "sso:*", "cloudtrail:StopLogging", "cloudtrail:DeleteTrail"]

# Roles with access to the whole account: those of Organizations, Control Tower and stack sets.
ACCOUNT_ROLES = (
    "OrganizationAccountAccessRole",
    "AWSControlTower*",
    "aws-controltower-*",
    "stacksets-exec-*",
    "aws-reserved/*",
)
# Every action of IAM that changes a role or a policy; iam:PassRole does not.
_CHANGES = [
    f"iam:{verb}*"
    for verb in ("Add", "Attach", "Create", "Delete", "Detach", "Put", "Remove", "Set", "Tag", "Untag", "Update")
]
_PIPELINE = "AWS::CodePipeline::Pipeline"
# Characters of a logical id that CloudFormation keeps in a function's generated name, even after a long stack name.
_LOGICAL_ID_CHARACTERS = 12


def execution_policies(
    name: str,
    types: Collection[str],
    *,
    passed_to: Collection[str],
    names: Collection[str],
    called: Collection[str] = (),
) -> Mapping[str, PolicyDocument]:
    """Return the policies that allow CloudFormation to deploy stacks of these resource types, and nothing else.

    The policy `name` has the statements about roles. `NAME-resources` has the rest, divided into `NAME-resources-2` and
    so on where it exceeds IAM's size limit.

    passed_to: the services that roles may be passed to. names: patterns for the names of the stacks' roles and
    policies; neither a condition nor a tag selects the roles that have the boundary. called: the logical ids of the
    functions that CloudFormation invokes for custom resources. Such a function's generated name is its stack's name,
    then its logical id, which is cut if it is long.
    Source: IAM user guide, "Grant a user permissions to pass a role to an AWS service".
    """
    actions = sorted({action for kind in types for action in needed_actions(kind)})
    plain = [action for action in actions if not action.startswith(("iam:", "s3:GetObject"))]
    connections = ["codeconnections:PassConnection"] if "codestar-connections:PassConnection" in actions else []
    numbered: dict[str, PolicyDocument] = {}
    for number, part in enumerate(_split([*plain, *connections]), 1):
        numbered[f"{name}-resources" if number == 1 else f"{name}-resources-{number}"] = part
    stacks = [pattern.removesuffix("*") for pattern in names if pattern != TESTS_ROLES]
    functions = [
        f"arn:aws:lambda:*:*:function:{stack}{id_[:_LOGICAL_ID_CHARACTERS]}*"
        for stack in stacks
        for id_ in sorted(called)
    ]
    role_policy = _role_policy(actions, passed_to, names, functions, passes_bootstrap_roles=_PIPELINE in types)
    return {name: role_policy, **numbered}


def _role_policy(
    actions: Collection[str],
    passed_to: Collection[str],
    names: Collection[str],
    functions: Sequence[str],
    *,
    passes_bootstrap_roles: bool,
) -> PolicyDocument:
    roles = [_role(name) for name in names]
    roles_and_policies = [*roles, *(f"arn:aws:iam::*:policy/{name}" for name in names)]
    other_actions = [
        action for action in actions if action.startswith("iam:") and action not in (*_ROLE_ACTIONS, "iam:PassRole")
    ]
    with_boundary = {"StringLike": {"iam:PermissionsBoundary": f"arn:aws:iam::*:policy/{BOUNDARY}"}}
    return document(
        allow("Assets", ["s3:GetObject", "s3:GetObjectVersion"], f"{_ASSETS}/*"),
        allow("BootstrapVersion", ["ssm:GetParameters"], "arn:aws:ssm:*:*:parameter/cdk-bootstrap/*"),
        allow("Roles", other_actions, roles_and_policies),
        allow("BoundRoles", list(_ROLE_ACTIONS), roles, with_boundary),
        _pass("PassRoles", roles, passed_to),
        *([allow("CustomResources", ["lambda:InvokeFunction"], functions)] if functions else ()),
        *(_bootstrap_roles_of_actions() if passes_bootstrap_roles else ()),
        deny("KeepBoundary", ["iam:DeleteRolePermissionsBoundary"], "*"),
        deny("KeepBootstrap", _CHANGES, [_role("cdk-*"), "arn:aws:iam::*:policy/delivery-*"]),
        deny("KeepAccountRoles", ["iam:*"], [_role(name) for name in ACCOUNT_ROLES]),
    )


def _bootstrap_roles_of_actions() -> Sequence[Statement]:
    """Return the statements that allow passing the bootstrap's roles, of any account, to a pipeline's actions.

    AWS does not document that CreatePipeline needs them. Other projects pass these roles by name. They grant no access
    by themselves: the roles trust only the pipeline's account and CloudFormation.
    """
    deploy, execution = (_role(f"cdk-{QUALIFIER}-{kind}-role-*") for kind in ("deploy", "cfn-exec"))
    return (
        allow("ReadBootstrapRoles", ["iam:GetRole"], [deploy, execution]),
        _pass("PassDeployRoles", [deploy], ["codepipeline.amazonaws.com"]),
        _pass("PassExecutionRoles", [execution], ["cloudformation.amazonaws.com"]),
    )


def _split(actions: Sequence[str]) -> Sequence[PolicyDocument]:
    """Divide the actions into policies, each within IAM's size limit."""
    parts: list[list[str]] = [[]]
    for action in actions:
        if document_size(_resources([*parts[-1], action])) > MANAGED_POLICY:
            parts.append([])
        parts[-1].append(action)
    return [_resources(part) for part in parts]


def _resources(actions: Sequence[str]) -> PolicyDocument:
    return document(allow("Resources", actions))


def boundary_policy() -> PolicyDocument:
    """Return the permissions boundary of the stacks' roles: everything but the management of identities and accounts.

    It denies iam:PassRole as well. The pipeline's role does not need it: the bootstrap's deploy roles, which no stack
    creates, pass the execution role to CloudFormation.
    """
    return document(allow("Services", ["*"]), deny("Identities", _DENIED_ACTIONS, "*"))


def _pass(sid: str, roles: Sequence[str], services: Collection[str]) -> Statement:
    return allow(sid, ["iam:PassRole"], roles, {"StringEquals": {"iam:PassedToService": sorted(services)}})


def _role(name: str) -> str:
    return f"arn:aws:iam::*:role/{name}"
