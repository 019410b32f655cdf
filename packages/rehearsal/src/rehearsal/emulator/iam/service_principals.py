"""Permissions of AWS services in resource policies."""

from __future__ import annotations

from rehearsal.emulator.ministack.port import policies
from rehearsal.emulator.ministack.port.policies import EvalContext


def service_allowed(policy: object, service: str, action: str, resource: str, account: str, **source: str) -> bool:
    """Whether `policy`, of a resource of `account`, lets a service such as `sns.amazonaws.com` act on it.

    resource: its ARN. source: the values of aws:SourceArn and aws:SourceAccount, as `sourcearn` and `sourceaccount`.
    Services use TLS.
    """
    context = EvalContext(
        principal_arn=service,
        principal_type="Service",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=resource.split(":")[3],
        secure_transport=True,
        service_context={f"aws:{key}": value for key, value in source.items()},
    )
    return bool(policies.evaluate_resource_policy(policy, context, service=service).decision == "Allow")
