"""Whether the settings are for the AWS that is worked with: a placeholder never reaches a real one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cdk_delivery.project_config import see
from cdk_delivery.settings.messages import PREFIX, SettingsError
from cdk_delivery.settings.model import Delivery
from cdk_delivery.settings.source import ConnectionSource

_PLACEHOLDER_CONNECTION = "00000000-0000-0000-0000-000000000000"


def is_real_aws(environ: Mapping[str, str]) -> bool:
    """Whether the credentials are of AWS itself: the CDK CLI passes their account, and no endpoint is set."""
    endpoint = any(name == "AWS_ENDPOINT_URL" or name.startswith("AWS_ENDPOINT_URL_") for name in environ)
    return not endpoint and bool(environ.get("CDK_DEFAULT_ACCOUNT") or environ.get("CODEBUILD_BUILD_ARN"))


def placeholders(delivery: Delivery[Any], *, page: str) -> Iterator[str]:
    """Return a line for each setting that still has its placeholder value.

    page: the page of the project that says how to go live.
    """
    accounts = {"account": delivery.account}
    accounts |= {f"environments[{number}].account": one.account for number, one in enumerate(delivery.environments)}
    for where, account in accounts.items():
        if re.fullmatch(r"(\d)\1{11}|123456789012", account):
            yield f"{PREFIX}.{where}: {account} is a placeholder; put your account's id here"
    source = delivery.source
    if isinstance(source, ConnectionSource) and source.connection_arn.endswith(_PLACEHOLDER_CONNECTION):
        yield f"{PREFIX}.source.connection_arn: is a placeholder; put your connection's ARN here{see(page)}"
    for number, email in enumerate(delivery.notify.emails):
        if re.search(r"@(.+\.)?example\.(com|org|net)$", email):
            yield f"{PREFIX}.notify.emails[{number}]: {email} is a placeholder, and nobody reads it"


def reject_placeholders(delivery: Delivery[Any], environ: Mapping[str, str], *, page: str) -> None:
    """Let placeholders pass unless the target is the real AWS. Raises SettingsError, a line for each."""
    if is_real_aws(environ) and (found := list(placeholders(delivery, page=page))):
        account = environ.get("CDK_DEFAULT_ACCOUNT", "")
        found.append(
            f"{PREFIX}: refused because the target is the real AWS{f' (account {account})' if account else ''}; without"
            " credentials, or with AWS_ENDPOINT_URL set, placeholders do"
        )
        raise SettingsError("\n".join(found))
