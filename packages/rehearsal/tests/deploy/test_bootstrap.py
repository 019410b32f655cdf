"""Accounts are bootstrapped as the project says, once, and again when what it puts into them has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.deploy import bootstrap
from rehearsal.deploy.bootstrap import Bootstrapper
from rehearsal.errors import WrongUse
from rehearsal.host.cancellation import Cancellation
from rehearsal.project.cdk_app import command_folders
from rehearsal.project.cdk_cli import Cdk
from rehearsal.project.cloud_assembly import Environment
from rehearsal.workspace.layout import Workspace
from tests.conftest import REGION, Embedded
from tests.root import ROOT

# Creates the stack of a bootstrap, and records that it was called.
SCRIPT = """
import sys
from pathlib import Path
import boto3
account, region = sys.argv[1].split("/")
assert boto3.client("sts").get_caller_identity()["Account"] == account
api = boto3.client("cloudformation")
body = '{"Resources": {"It": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "1"}}}}'
if not any(each["StackName"] == "CDKToolkit" for each in api.describe_stacks()["Stacks"]):
    api.create_stack(StackName="CDKToolkit", TemplateBody=body)
with Path("called").open("a") as file:
    file.write(account + "/" + region + chr(10))
"""
NAMED = '[bootstrap]\ncommand = "python make_ready.py {account}/{region}"\nfiles = ["access/*.json"]\n'


class Project:
    """A project with a bootstrap command, in `accounts` that no other test uses."""

    def __init__(self, folder: Path, embedded: Embedded, toml: str) -> None:
        (folder / "access").mkdir()
        (folder / "access" / "policy.json").write_text("{}")
        (folder / "rehearsal.toml").write_text(toml)
        (folder / "make_ready.py").write_text(SCRIPT)
        self.folder, self.space, self._endpoint = folder, Workspace(folder), embedded.endpoint
        self.space.make()
        self.accounts = [f"{each:012}" for each in range(hash(folder) % 10**11, hash(folder) % 10**11 + 2)]
        self.told: list[str] = []

    def bootstrap_missing(self, *accounts: str) -> list[str]:
        """The accounts that were bootstrapped for it."""
        called = self.folder / "called"
        called.unlink(missing_ok=True)
        cdk = Cdk(command_folders(Workspace(ROOT)), self._endpoint, self.space.logs, Cancellation())
        places = [Environment(account, REGION) for account in accounts]
        Bootstrapper(self.space, self._endpoint, lambda: cdk, self.accounts[0], self.told.append).bootstrap_missing(
            places
        )
        return sorted(called.read_text().split()) if called.exists() else []


@pytest.fixture
def project(tmp_path: Path, embedded: Embedded) -> Project:
    return Project(tmp_path, embedded, NAMED)


def test_the_projects_command_runs_once_for_each_account(project: Project) -> None:
    """As the account's root user, and only where it is not bootstrapped yet."""
    first, second = project.accounts
    assert project.bootstrap_missing(first) == [f"{first}/{REGION}"]
    assert project.bootstrap_missing(first, second) == [f"{second}/{REGION}"]
    assert project.bootstrap_missing(first, second) == []
    assert not bootstrap.grants_administrator_access(project.space)


def test_a_changed_policy_bootstraps_all_accounts_again(project: Project) -> None:
    """Or a rehearsal would go on with what the accounts were given last month."""
    first, second = project.accounts
    project.bootstrap_missing(first, second)
    (project.folder / "access" / "policy.json").write_text('{"Version": "2012-10-17"}')
    assert project.bootstrap_missing(first, second) == [f"{account}/{REGION}" for account in (first, second)]
    assert "has changed since the accounts were bootstrapped" in "\n".join(project.told)
    assert project.bootstrap_missing(first, second) == []


def test_an_environment_that_was_removed_is_not_bootstrapped_again(project: Project) -> None:
    """The project's command refuses it. If it comes back later, it gets the new policies."""
    first, second = project.accounts
    project.bootstrap_missing(first, second)
    (project.folder / "access" / "policy.json").write_text('{"Version": "2012-10-17"}')
    assert project.bootstrap_missing(first) == [f"{first}/{REGION}"]
    assert project.bootstrap_missing(first, second) == [f"{second}/{REGION}"]


def test_a_plan_warns_of_policies_that_changed(project: Project, tmp_path: Path) -> None:
    """On AWS nobody bootstraps again because of a push; before the first bootstrap there is nothing to compare."""
    assert bootstrap.changed_policies(project.space, project.folder) == ""
    project.bootstrap_missing(*project.accounts)
    assert bootstrap.changed_policies(project.space, project.folder) == ""
    (project.folder / "access" / "policy.json").write_text('{"Version": "2012-10-17"}')
    warning = bootstrap.changed_policies(project.space, project.folder)
    assert "on AWS, bootstrap every account again before the push" in warning
    assert f"{project.accounts[1]}/{REGION}" in warning


def test_a_run_keeps_what_an_operator_has_to_do(project: Project) -> None:
    """For the end of the run; the next run begins with nothing."""
    place = Environment(project.accounts[0], REGION)
    bootstrap.note_operators_part(project.space, [place])
    assert bootstrap.operators_part(project.space) == [f"{project.accounts[0]}/{REGION}"]
    bootstrap.note_operators_part(project.space, ())
    assert bootstrap.operators_part(project.space) == []


def test_a_command_that_bootstraps_nothing_is_told(project: Project) -> None:
    """Where it ends well and leaves no stack, the deployment would fail later, and say less."""
    (project.folder / "make_ready.py").write_text("")
    with pytest.raises(WrongUse, match=f"{project.accounts[0]}/{REGION} has no stack CDKToolkit"):
        project.bootstrap_missing(project.accounts[0])


def test_files_that_are_not_there_are_told(project: Project) -> None:
    """With the pattern that matches none."""
    (project.folder / "access" / "policy.json").unlink()
    with pytest.raises(WrongUse, match=r"nothing in .* matches access/\*\.json"):
        project.bootstrap_missing(project.accounts[0])


def test_without_a_command_cloudformation_may_do_everything(tmp_path: Path, embedded: Embedded) -> None:
    """CDK's own bootstrap, and the end of the run says so."""
    project = Project(tmp_path, embedded, "")
    project.bootstrap_missing(project.accounts[0])
    assert bootstrap.is_bootstrapped(embedded.endpoint, Environment(project.accounts[0], REGION))
    assert bootstrap.grants_administrator_access(project.space)


@pytest.mark.parametrize(
    ("command", "told"),
    [("cdk bootstrap", "has no {account}"), ("make {stage} {account}", "has {stage}; allowed are {account}")],
)
def test_a_command_names_the_account(tmp_path: Path, embedded: Embedded, command: str, told: str) -> None:
    """An unknown placeholder is an error."""
    with pytest.raises(WrongUse, match=told):
        Project(tmp_path, embedded, f'[bootstrap]\ncommand = "{command}"\n').bootstrap_missing("111111111111")
