"""The policy for users of the console: what it allows in each account, and nothing more."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from click.testing import CliRunner

from cdk_delivery.access.console_policy import APPROVE, INVOKE, console_policies
from cdk_delivery.cli import cli
from cdk_delivery.settings.messages import SettingsError
from cdk_delivery.settings.model import Delivery
from tests.root import APP, REPOSITORY

SETTINGS: Delivery[Any] = Delivery.read(json.loads((APP / "cdk.json").read_text())["context"]["delivery"])
PAGE = (REPOSITORY / "packages" / "console" / "docs" / "console.md").read_text()


def actions(**allowed: bool) -> set[str]:
    """Return every action that the policies allow."""
    policies = console_policies(SETTINGS, **allowed).values()
    return {action for policy in policies for statement in policy["Statement"] for action in statement["Action"]}


def test_each_account_has_its_policy() -> None:
    """The pipeline's account comes first; accounts of environments allow reading their functions."""
    policies = console_policies(SETTINGS)
    accounts = [SETTINGS.account, *(environment.account for environment in SETTINGS.environments)]
    assert list(policies) == list(dict.fromkeys(accounts))
    assert "codepipeline" not in json.dumps(policies[SETTINGS.environments[0].account])


def test_without_permission_nothing_is_changed() -> None:
    """Without options, all actions are reads; each option adds its actions only."""
    reads = actions()
    assert all(re.search(r":(Get|List|BatchGet|Describe|Filter|Decrypt)", action) for action in reads)
    assert actions(approve=True) - reads == {*APPROVE}
    assert actions(invoke=True) - reads == {*INVOKE}


def test_resources_are_those_of_the_delivery() -> None:
    """Only metrics allow any resource; the artifact key is allowed through S3 for the artifact bucket."""
    statements = [s for policy in console_policies(SETTINGS).values() for s in policy["Statement"]]
    everywhere = [s["Action"] for s in statements if s["Resource"] == "*"]
    assert everywhere == [["cloudwatch:GetMetricStatistics"]] * len(SETTINGS.environments)
    key: Any
    (key,) = [s for s in statements if s["Action"] == ["kms:Decrypt"]]
    assert key["Condition"]["StringLike"]["kms:ViaService"] == "s3.*.amazonaws.com"
    assert SETTINGS.name in key["Condition"]["StringLike"]["kms:EncryptionContext:aws:s3:arn"]


def test_the_page_lists_every_action() -> None:
    """The console's page lists these actions, and no other ones."""
    listed = set(re.findall(r"`([a-z0-9]+:[A-Z]\w+)`", PAGE.partition("## Permissions")[2]))
    assert listed == actions(approve=True, invoke=True) | {"codepipeline:ListPipelines", "sts:GetCallerIdentity"}


def test_the_command_prints_the_policy_of_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an account it prints all policies; an unknown one is rejected with the known accounts."""
    monkeypatch.chdir(APP)
    account = SETTINGS.environments[0].account
    printed = CliRunner().invoke(cli, ["access", "console", account, "--allow-invoke"], catch_exceptions=False)
    assert json.loads(printed.output) == console_policies(SETTINGS, invoke=True)[account]
    with pytest.raises(SettingsError, match=f"the accounts of this delivery are {SETTINGS.account}"):
        CliRunner().invoke(cli, ["access", "console", "123456789012"], catch_exceptions=False, standalone_mode=False)
