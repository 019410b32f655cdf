"""Roles in MiniStack's IAM: their records, policies and trust."""

from __future__ import annotations

from rehearsal.emulator.iam import service_principals
from rehearsal.emulator.ministack.port import iam
from rehearsal.emulator.ministack.port.iam import IdentityRecord
from rehearsal.emulator.ministack.port.policies import EvalContext, PrincipalInfo, evaluate_trust_policy


def role_of(arn: str) -> str:
    """Return the role's ARN for a session's ARN, and any other principal's ARN unchanged."""
    if ":assumed-role/" not in arn:
        return arn
    account, name = arn.split(":")[4], arn.split("/")[1]
    return str(role_record(account, name).get("Arn") or f"arn:aws:iam::{account}:role/{name}")


def role_record(account: str, name: str) -> IdentityRecord:
    """Return the role's record; empty where there is none."""
    return iam.role_record(account, name)


def role_by_arn(arn: str) -> IdentityRecord:
    """Return the record of the role with this ARN, whatever its path; empty where there is none."""
    return role_record(arn.split(":")[4], arn.rsplit("/", 1)[-1])


def session_principal(role_arn: str, name: str) -> PrincipalInfo:
    """Return the principal of a session of the role, with the role's policies and its boundary; name: the session's."""
    account, role = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    return PrincipalInfo(
        arn=f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        type="AssumedRole",
        account=account,
        policies=iam.role_policies(account, role),
        limits=iam.role_limits(account, role),
    )


def policies(arn: str) -> list[str]:
    """Return the policies of a role or user: names of inline ones, ARNs of managed ones, groups' and the boundary."""
    account, name = arn.split(":")[4], arn.rsplit("/", 1)[-1]
    if ":user/" in arn:
        record = iam.user_record(account, name)
        inline = iam.inline_user_policies(account, name)
        groups = iam.groups_of_user(name)
    else:
        record, groups = role_by_arn(arn) if ":role/" in arn else {}, []
        inline = record.get("InlinePolicies") or {}
    boundary = record.get("PermissionsBoundary")
    return [
        *inline,
        *record.get("AttachedPolicies", []),
        *(f"the policies of group {group}" for group in groups),
        *([f"the boundary {boundary}"] if boundary else []),
    ]


def trusts_service(role_arn: str, service: str, account: str) -> bool:
    """Whether the role's trust policy lets `service` assume the role for `account`."""
    trust = role_by_arn(role_arn).get("AssumeRolePolicyDocument")
    return service_principals.service_allowed(
        trust, service, "sts:AssumeRole", role_arn, account=account, keys={"aws:sourceaccount": account}
    )


def trusts(role_arn: str, principal: PrincipalInfo, region: str) -> bool:
    """Whether the role's trust policy lets the `principal` assume the role, with a request to `region` over TLS."""
    context = EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region=region,
        secure_transport=True,
        service_context={},
        principal_keys=principal.keys,
    )
    return evaluate_trust_policy(role_by_arn(role_arn).get("AssumeRolePolicyDocument"), principal.arn, context)
