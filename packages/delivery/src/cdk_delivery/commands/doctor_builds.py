"""The check of `doctor` on CodeBuild's quota: whether the account can run all builds of a wave concurrently.

Sources: AWS CodeBuild user guide, "Quotas" and "Builds": a quota for each platform and compute type, and a queue of
five times that quota.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from cdk_delivery.commands.accounts import Sessions, Target
from cdk_delivery.commands.doctor_rows import Row
from cdk_delivery.settings.model import Delivery

if TYPE_CHECKING:
    from types_boto3_service_quotas import ServiceQuotasClient
    from types_boto3_service_quotas.type_defs import ServiceQuotaTypeDef

# The quota for CDK's default compute type, on which the builds of this pipeline run.
QUOTA_NAME = "Concurrently running builds for Linux/Small environment"
QUEUE_FACTOR = 5


def builds_row[OptionsT](delivery: Delivery[OptionsT], target: Target, sessions: Sessions) -> Row:
    """Return whether the quota of concurrent builds is enough; unknown if it cannot be read, or if builds will wait."""
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
    finding = f"{allowed} allowed; the largest wave starts {needed}"
    remedy = (
        f"aws service-quotas request-service-quota-increase --service-code codebuild --quota-code {quota['QuotaCode']}"
        f" --desired-value {max(needed, 1)} --region {target.region}"
    )
    if allowed * (1 + QUEUE_FACTOR) < needed:
        return Row(check, "red", f"{finding}: StartBuild is refused beyond the queue", remedy)
    if allowed < needed:
        return Row(check, "unknown", f"{finding}: the others wait, in new accounts StartBuild may be refused", remedy)
    return Row(check, "ok", finding)


def _largest_wave[OptionsT](delivery: Delivery[OptionsT]) -> int:
    """Return the number of builds that the largest wave starts: one for each environment, at least one."""
    return max((len(wave.environments) for wave in delivery.waves()), default=1)


def _quota(api: ServiceQuotasClient) -> ServiceQuotaTypeDef | None:
    """Return the account's quota, else AWS's default; None if Service Quotas has neither."""
    applied = api.get_paginator("list_service_quotas").paginate(ServiceCode="codebuild")
    defaults = api.get_paginator("list_aws_default_service_quotas").paginate(ServiceCode="codebuild")
    quotas = (quota for page in chain(applied, defaults) for quota in page["Quotas"])
    return next((quota for quota in quotas if quota["QuotaName"] == QUOTA_NAME), None)
