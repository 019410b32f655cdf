"""Bootstrapping of accounts by the project's command: once, and again when its files have changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rehearsal.deploy import bootstrap, bootstrap_record
from rehearsal.deploy.bootstrap import Bootstrapper
from rehearsal.errors import WrongUse
from rehearsal.host.cancellation import Cancellation
from rehearsal.project.cdk_app import command_folders
from rehearsal.project.cdk_cli import Cdk
from rehearsal.project.cdk_installation import CdkInstallation
from rehearsal.project.cloud_assembly import Environment
from rehearsal.workspace.layout import Workspace
from tests.conftest import REGION, Embedded
from tests.root import ROOT

# Creates the stack of a bootstrap, and records that it was called. An SDK takes five times as long to import.
SCRIPT = """
import os, sys
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

account, region = sys.argv[1].split("/")
assert os.environ["AWS_ACCESS_KEY_ID"] == account
body = '{"Resources": {"It": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "1"}}}}'
query = {"Action": "CreateStack", "StackName": "CDKToolkit", "TemplateBody": body}
signature = f"AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/cloudformation/aws4_request"
with suppress(HTTPError):  # the stack exists
    urlopen(Request(os.environ["AWS_ENDPOINT_URL"], urlencode(query).encode(), {"Authorization": signature}))
with Path("called").open("a") as file:
    file.write(account + "/" + region + chr(10))
"""
NAMED = '[bootstrap]\ncommand = "python make_ready.py {account}/{region}"\nfiles = ["access/*.json"]\n'


class Project:
    """A project with a bootstrap command, in accounts that no other test uses."""

    def __init__(self, folder: Path, embedded: Embedded, toml: str) -> None:
        (folder / "access").mkdir()
        (folder / "access" / "policy.json").write_text("{}")
        (folder / "rehearsal.toml").write_text(toml)
        (folder / "make_ready.py").write_text(SCRIPT)
        self.folder, self.space, self._endpoint = folder, Workspace(folder), embedded.endpoint
        self.space.make()
        self.accounts = [f"{number:012}" for number in range(hash(folder) % 10**11, hash(folder) % 10**11 + 2)]
        self.messages: list[str] = []

    def bootstrap_missing(self, *accounts: str) -> list[str]:
        """Bootstrap `accounts`, and return those for which the project's command ran."""
        called = self.folder / "called"
        called.unlink(missing_ok=True)
        installation = CdkInstallation.find(command_folders(Workspace(ROOT)))
        cdk = Cdk(installation, self._endpoint, self.space.logs, Cancellation())
        environments = [Environment(account, REGION) for account in accounts]
        bootstrapper = Bootstrapper(self.space, self._endpoint, lambda: cdk, self.accounts[0], self.messages.append)
        bootstrapper.bootstrap_missing(environments)
        return sorted(called.read_text().split()) if called.exists() else []


@pytest.fixture
def project(tmp_path: Path, embedded: Embedded) -> Project:
    return Project(tmp_path, embedded, NAMED)


def test_the_projects_command_runs_once_for_each_account(project: Project) -> None:
    """The command runs as the root user of each account that is not bootstrapped yet."""
    first, second = project.accounts
    assert project.bootstrap_missing(first) == [f"{first}/{REGION}"]
    assert project.bootstrap_missing(first, second) == [f"{second}/{REGION}"]
    assert project.bootstrap_missing(first, second) == []
    assert not bootstrap_record.grants_administrator_access(project.space)


def test_a_changed_policy_bootstraps_all_accounts_again(project: Project) -> None:
    """A changed policy file bootstraps all accounts again, and the message says why."""
    first, second = project.accounts
    project.bootstrap_missing(first, second)
    (project.folder / "access" / "policy.json").write_text('{"Version": "2012-10-17"}')
    assert project.bootstrap_missing(first, second) == [f"{account}/{REGION}" for account in (first, second)]
    assert "has changed since the accounts were bootstrapped" in "\n".join(project.messages)
    assert project.bootstrap_missing(first, second) == []


def test_an_environment_that_was_removed_is_not_bootstrapped_again(project: Project) -> None:
    """A removed account is skipped; if it returns later, it gets the new policies."""
    first, second = project.accounts
    project.bootstrap_missing(first, second)
    (project.folder / "access" / "policy.json").write_text('{"Version": "2012-10-17"}')
    assert project.bootstrap_missing(first) == [f"{first}/{REGION}"]
    assert project.bootstrap_missing(first, second) == [f"{second}/{REGION}"]


def test_a_plan_warns_of_policies_that_changed(project: Project, tmp_path: Path) -> None:
    """After the first bootstrap, changed policies are reported: on AWS, every account has to be bootstrapped again."""
    assert bootstrap.bootstrap_change_warning(project.space, project.folder) == ""
    project.bootstrap_missing(*project.accounts)
    assert bootstrap.bootstrap_change_warning(project.space, project.folder) == ""
    (project.folder / "access" / "policy.json").write_text('{"Version": "2012-10-17"}')
    warning = bootstrap.bootstrap_change_warning(project.space, project.folder)
    assert "on AWS, bootstrap every account again before the push" in warning
    assert f"{project.accounts[1]}/{REGION}" in warning


def test_environments_of_an_earlier_version_are_bootstrapped_again(tmp_path: Path) -> None:
    """A record of an earlier version, which has no list `environments`, is read as one of no environment."""
    space = Workspace(tmp_path)
    space.aws.mkdir(parents=True)
    record = {"command": "make bootstrap", "digest": "0", "places": [["111111111111", REGION, "hnb659fds"]]}
    (space.aws / "bootstrap.json").write_text(json.dumps(record))
    assert bootstrap_record.read_record(space) == bootstrap_record.BootstrapRecord("make bootstrap", "0")


def test_environments_for_the_operator_are_recorded(project: Project) -> None:
    """Environments that an operator has to bootstrap are recorded for the end of the run; the next run clears them."""
    place = Environment(project.accounts[0], REGION)
    bootstrap_record.record_late_bootstrap(project.space, [place])
    assert bootstrap_record.late_bootstraps(project.space) == [f"{project.accounts[0]}/{REGION}"]
    bootstrap_record.record_late_bootstrap(project.space, ())
    assert bootstrap_record.late_bootstraps(project.space) == []


def test_a_command_that_bootstraps_nothing_is_an_error(project: Project) -> None:
    """The error names the account if the command succeeds without creating the stack CDKToolkit."""
    (project.folder / "make_ready.py").write_text("")
    with pytest.raises(WrongUse, match=f"{project.accounts[0]}/{REGION} has no stack CDKToolkit"):
        project.bootstrap_missing(project.accounts[0])


def test_missing_files_are_an_error(project: Project) -> None:
    """The error names the pattern that matches no file."""
    (project.folder / "access" / "policy.json").unlink()
    with pytest.raises(WrongUse, match=r"nothing in .* matches access/\*\.json"):
        project.bootstrap_missing(project.accounts[0])


def test_without_a_command_cloudformation_may_do_everything(tmp_path: Path, embedded: Embedded) -> None:
    """Without a command, CDK's bootstrap runs, and grants CloudFormation administrator access."""
    project = Project(tmp_path, embedded, "")
    project.bootstrap_missing(project.accounts[0])
    assert bootstrap.is_bootstrapped(embedded.endpoint, Environment(project.accounts[0], REGION))
    assert bootstrap_record.grants_administrator_access(project.space)


@pytest.mark.parametrize(
    ("command", "words"),
    [("cdk bootstrap", "has no {account}"), ("make {stage} {account}", "has {stage}; allowed are {account}")],
)
def test_a_command_names_the_account(tmp_path: Path, embedded: Embedded, command: str, words: str) -> None:
    """A command without `{account}`, or with an unknown placeholder, is an error."""
    with pytest.raises(WrongUse, match=words):
        Project(tmp_path, embedded, f'[bootstrap]\ncommand = "{command}"\n').bootstrap_missing("111111111111")
