"""`doctor`: a row for each thing that a deployment needs, before the first one and any time after."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import click

from cdk_delivery.access.policy_files import PolicyFiles
from cdk_delivery.commands.accounts import Sessions, settings
from cdk_delivery.commands.bootstrap import plans
from cdk_delivery.commands.doctor_aws import account_rows, connection_row
from cdk_delivery.commands.doctor_builds import builds_row
from cdk_delivery.commands.doctor_local import quota_rows, settings_rows, version_rows, vulnerability_rows
from cdk_delivery.commands.doctor_packages import package_rows
from cdk_delivery.commands.doctor_rows import Row
from cdk_delivery.project_config import read_config

_COLOUR = {"ok": "green", "unknown": "yellow", "red": "red"}


def rows(root: Path, profiles: Sequence[str]) -> list[Row]:
    """Return the results of all checks, which change nothing."""
    delivery, sessions, page = settings(root), Sessions(profiles), read_config(root).pages.go_live
    policies = PolicyFiles.of(root)
    account_plans = plans(delivery, policies)
    accounts = [list(account_rows(plan, sessions, policies)) for plan in account_plans]
    # The first account is the pipeline's, and its first row is about the credentials.
    reached = accounts[0][0].state == "ok"
    connection = connection_row(delivery, account_plans[0].target, sessions)
    return [
        *settings_rows(delivery, reached=reached, page=page),
        *vulnerability_rows(root, delivery),
        *package_rows(root),
        *version_rows(root),
        *quota_rows(root),
        *chain.from_iterable(accounts),
        builds_row(delivery, account_plans[0].target, sessions),
        *([connection] if connection else []),
    ]


def doctor(root: Path, profiles: Sequence[str]) -> int:
    """Print the rows: state, check, finding, and the command that fixes it. Return 1 where one is red."""
    results = rows(root, profiles)
    for row in results:
        fix = f"; fix: {row.remedy}" if row.remedy and row.state != "ok" else ""
        click.echo(f"{click.style(f'{row.state:<8}', fg=_COLOUR[row.state])} {row.check}: {row.finding}{fix}")
    return int(any(row.state == "red" for row in results))
