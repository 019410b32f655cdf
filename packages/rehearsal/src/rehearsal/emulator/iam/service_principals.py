"""Evaluation of resource policies for AWS services."""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.emulator.ministack.port import policies
from rehearsal.emulator.ministack.port.policies import EvalContext


def service_allowed(
    policy: object, service: str, action: str, resource: str, *, account: str, keys: Mapping[str, str]
) -> bool:
    """Whether a resource's policy allows `action` to a service such as `sns.amazonaws.com`, which uses TLS.

    resource: its ARN. account: its account. keys: the condition keys of the request, in lower case, such as
    `aws:sourcearn`.
    """
    context = EvalContext(
        principal_arn=service,
        principal_type="Service",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=resource.split(":")[3],
        secure_transport=True,
        service_context=dict(keys),
    )
    return bool(policies.evaluate_resource_policy(policy, context, service=service).decision == "Allow")
