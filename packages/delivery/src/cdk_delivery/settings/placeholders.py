"""Placeholder values in the settings, which are rejected with the credentials of a real account."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from cdk_delivery.project_config import see
from cdk_delivery.settings.messages import PREFIX, SettingsError
from cdk_delivery.settings.model import Delivery
from cdk_delivery.settings.source import ConnectionSource

_PLACEHOLDER_CONNECTION = "00000000-0000-0000-0000-000000000000"


def is_placeholder(account: str) -> bool:
    """Return whether an account id is a placeholder; only a rehearsal has credentials for one."""
    return bool(re.fullmatch(r"(\d)\1{11}|123456789012", account))


def credentials_account(environ: Mapping[str, str]) -> str:
    """Return the account of the credentials, as the CDK CLI or CodeBuild passes it; empty without credentials."""
    return environ.get("CDK_DEFAULT_ACCOUNT") or environ.get("CODEBUILD_BUILD_ARN", "").partition(":build/")[0][-12:]


def placeholders[OptionsT](delivery: Delivery[OptionsT], *, page: str) -> Iterator[str]:
    """Return a line for each setting that still has its placeholder value.

    page: the page of the project that says how to go live.
    """
    accounts = {"account": delivery.account}
    accounts |= {
        f"environments[{number}].account": environment.account
        for number, environment in enumerate(delivery.environments)
    }
    for where, account in accounts.items():
        if is_placeholder(account):
            yield f"{PREFIX}.{where}: {account} is a placeholder; put your account's id here"
    source = delivery.source
    if isinstance(source, ConnectionSource) and source.connection_arn.endswith(_PLACEHOLDER_CONNECTION):
        yield f"{PREFIX}.source.connection_arn: is a placeholder; put your connection's ARN here{see(page)}"
    for number, email in enumerate(delivery.notify.emails):
        if re.search(r"@(.+\.)?example\.(com|org|net)$", email):
            yield f"{PREFIX}.notify.emails[{number}]: {email} is a placeholder"


def reject_placeholders[OptionsT](delivery: Delivery[OptionsT], environ: Mapping[str, str], *, page: str) -> None:
    """Raise SettingsError with a line for each placeholder, if the credentials are those of a real account."""
    account = credentials_account(environ)
    if account and not is_placeholder(account) and (lines := list(placeholders(delivery, page=page))):
        lines.append(
            f"{PREFIX}: refused because the credentials are of account {account}; without credentials, or in a"
            " rehearsal whose accounts are placeholders, they are accepted"
        )
        raise SettingsError("\n".join(lines))
