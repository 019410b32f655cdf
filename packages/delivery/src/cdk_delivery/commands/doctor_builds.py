"""Whether the pipeline's account may run as many builds at the same time as the pipeline starts.

Sources: AWS CodeBuild user guide, "Quotas" and "Builds": a quota for each platform and compute type, and a queue of
five times that quota.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cdk_delivery.commands.accounts import Sessions, Target
from cdk_delivery.commands.doctor_rows import Row
from cdk_delivery.settings.model import Delivery

# What builds of this pipeline run on: CDK's default compute type.
QUOTA_NAME = "Concurrently running builds for Linux/Small environment"
QUEUE_FACTOR = 5


def builds_row(delivery: Delivery[Any], target: Target, sessions: Sessions) -> Row:
    """The quota of concurrent builds. Unknown where it cannot be read, or where some builds will wait."""
    check, needed = f"{target}: builds at the same time", _largest_wave(delivery)
    try:
        quota = _quota(sessions.client("service-quotas", target))
    except ClientError as error:
        return Row(check, "unknown", error.response["Error"]["Code"])
    except BotoCoreError as error:
        return Row(check, "unknown", str(error))
    if quota is None:
        return Row(check, "unknown", f"Service Quotas has no '{QUOTA_NAME}'")
    allowed = int(quota["Value"])
    found = f"{allowed} allowed; the largest wave starts {needed}"
    mend = (
        f"aws service-quotas request-service-quota-increase --service-code codebuild --quota-code {quota['QuotaCode']}"
        f" --desired-value {max(needed, 1)} --region {target.region}"
    )
    if allowed * (1 + QUEUE_FACTOR) < needed:
        return Row(check, "red", f"{found}: StartBuild is refused beyond the queue", mend)
    if allowed < needed:
        return Row(check, "unknown", f"{found}: the others wait, in new accounts StartBuild may be refused", mend)
    return Row(check, "ok", found)


def _largest_wave(delivery: Delivery[Any]) -> int:
    """A wave starts a build for each of its environments; a push starts one at least."""
    return max((len(wave.environments) for wave in delivery.waves()), default=1)


def _quota(api: Any) -> dict[str, Any] | None:
    """The account's own value, else AWS's default."""
    for operation in ("list_service_quotas", "list_aws_default_service_quotas"):
        for page in api.get_paginator(operation).paginate(ServiceCode="codebuild"):
            for quota in page["Quotas"]:
                if quota["QuotaName"] == QUOTA_NAME:
                    return dict(quota)
    return None
