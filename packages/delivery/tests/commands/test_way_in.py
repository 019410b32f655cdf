"""`delivery bootstrap` and `delivery doctor`, run against the embedded AWS."""

import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from cdk_delivery.commands.reader import Reader
from tests.commands.conftest import ACCOUNTS, PROFILES, Person

pytestmark = pytest.mark.slow
ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
CAPABILITIES = ["CAPABILITY_NAMED_IAM"]
ONLY = ("--only", f"{ACCOUNTS[1]}/eu-west-1")


@pytest.fixture(scope="module")
def bootstrapped(person: Person) -> Person:
    """A project whose accounts are bootstrapped, by an earlier test or here."""
    stacks = [person.client("cloudformation", account).list_stacks()["StackSummaries"] for account in ACCOUNTS]
    if not all(stacks):
        assert person.run("bootstrap", "--yes", *PROFILES).returncode == 0
    return person


def bootstrap_again(person: Person) -> None:
    """Bootstrap the account whose bootstrap a test has changed."""
    assert person.run("bootstrap", "--yes", *ONLY, *PROFILES).returncode == 0


def bootstrap_policies_again(person: Person, folder: Path) -> None:
    """Bootstrap the account again without the CDK CLI, which would find its stack unchanged: it takes 1.2 s."""
    cli = folder / "cdk"
    cli.write_text("#!/bin/sh\n")
    cli.chmod(0o755)
    path = os.pathsep.join([str(folder), person.environ["PATH"]])
    bootstrap_again(replace(person, environ={**person.environ, "PATH": path}))


def states(output: str) -> dict[str, str]:
    """Return check -> state of doctor's output; for several rows of a check, the worst state."""
    found: dict[str, str] = {}
    for line in output.splitlines():
        state, row = line[:8].strip(), line[9:]
        check = re.split(r": (?!credentials|bootstrap|trust|execution|boundary|reader)", row)[0]
        found[check] = "red" if "red" in (state, found.get(check)) else state
    return found


def test_without_the_boundary_nothing_is_done(person: Person) -> None:
    """Bootstrap rejects settings without the boundary, with which deployments would fail later and with less detail."""
    person.set(permissions_boundary=False)
    done = person.run("bootstrap", "--print")
    person.set(permissions_boundary=True)
    assert done.returncode == 2
    assert "permissions_boundary: is false" in done.stderr


def test_it_prints_what_it_would_do(person: Person) -> None:
    """With --print the commands are printed and not run, for operators who pass them to others."""
    done = person.run("bootstrap", "--print")
    assert done.returncode == 0
    assert (
        "cdk bootstrap aws://333333333333/eu-west-1 --trust 111111111111 --trust-for-lookup 111111111111"
        " --cloudformation-execution-policies arn:aws:iam::333333333333:policy/delivery-environment" in done.stdout
    )
    created = "aws iam create-policy --policy-name delivery-boundary --policy-document file://access/boundary.json"
    assert created in done.stdout
    assert (
        "aws iam create-policy-version --policy-arn arn:aws:iam::333333333333:policy/delivery-environment"
        " --policy-document file://access/environment.json --set-as-default" in done.stdout
    )
    assert "aws iam create-role --role-name cdk-delivery-reader-" in done.stdout
    assert subprocess.run(["sh", "-n"], input=done.stdout, text=True, check=False).returncode == 0


def test_without_the_cli_nothing_is_done(person: Person) -> None:
    """A missing CDK CLI is reported before any policy is created."""
    environ = {**person.environ, "PATH": "/usr/bin:/bin"}
    done = Person(person.folder, environ, person.endpoint).run("bootstrap", "--yes", *PROFILES)
    assert done.returncode == 2
    assert "there is no `cdk` on PATH" in done.stderr
    assert person.client("iam", ACCOUNTS[0]).list_policies(Scope="Local")["Policies"] == []


@pytest.mark.parametrize("text", ["[]", '{"context": []}', "null", "{"])
def test_settings_of_another_shape_are_wrong_use(person: Person, text: str) -> None:
    """A cdk.json of another shape is an error of its user, not a bug."""
    file = person.folder / "cdk.json"
    before = file.read_text()
    file.write_text(text)
    done = person.run("doctor")
    file.write_text(before)
    assert done.returncode == 2
    assert "it has to be JSON with a `context`" in done.stderr


def test_only_one_account(person: Person) -> None:
    """--only bootstraps one account, for a new environment; an unknown account is rejected."""
    done = person.run("bootstrap", "--print", "--only", "222222222222/eu-west-1")
    assert "aws://222222222222/eu-west-1" in done.stdout
    assert "aws://333333333333/eu-west-1" not in done.stdout
    refused = person.run("bootstrap", "--print", "--only", "222222222222/eu-west-9")
    assert refused.returncode == 2
    assert "delivery needs 111111111111/eu-west-1, 222222222222/eu-west-1, 333333333333/eu-west-1" in refused.stderr


def test_a_declined_bootstrap_changes_nothing(person: Person) -> None:
    """If the operator declines, nothing is created."""
    done = person.run("bootstrap", *PROFILES, given="n\n")
    assert done.returncode == 130
    names = [
        policy["PolicyName"] for policy in person.client("iam", ACCOUNTS[1]).list_policies(Scope="Local")["Policies"]
    ]
    assert names == []


def test_credentials_of_another_account_are_refused(person: Person) -> None:
    """Wrong credentials for one account are refused before anything is changed in any."""
    done = person.run("bootstrap", "--yes", *PROFILES[:2], "--profile", f"{ACCOUNTS[1]}=a{ACCOUNTS[2]}")
    assert done.returncode == 2
    assert f"--profile {ACCOUNTS[1]}=PROFILE" in done.stderr


def test_doctor_is_red_before_and_green_after(person: Person) -> None:
    """Doctor is red in empty accounts, and green after a bootstrap."""
    before = person.run_process("doctor", *PROFILES)
    assert before.returncode == 1
    assert states(before.stdout)["222222222222/eu-west-1: bootstrap"] == "red"
    assert "delivery bootstrap" in before.stdout

    done = person.run_process("bootstrap", "--yes", *PROFILES)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": done") == len(ACCOUNTS)

    after = person.run_process("doctor", *PROFILES)
    found = states(after.stdout)
    assert {check: state for check, state in found.items() if state == "red"} == {}, after.stdout
    for account in ACCOUNTS:
        for check in ("credentials", "bootstrap", "execution policy", "boundary"):
            assert found[f"{account}/eu-west-1: {check}"] == "ok"
    assert found["222222222222/eu-west-1: trust"] == "ok"
    assert after.returncode == 0


def test_a_second_bootstrap_changes_nothing(bootstrapped: Person) -> None:
    """An unchanged policy gets no new version."""
    bootstrap_again(bootstrapped)
    iam = bootstrapped.client("iam", ACCOUNTS[1])
    arn = f"arn:aws:iam::{ACCOUNTS[1]}:policy/delivery-environment"
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v1"


@pytest.mark.gate
def test_a_policy_that_differs_from_the_projects_is_red(bootstrapped: Person, tmp_path: Path) -> None:
    """After `make generate` without a bootstrap doctor is red for each changed policy, and a bootstrap fixes them."""
    iam = bootstrapped.client("iam", ACCOUNTS[1])
    document = json.dumps({"Version": "2012-10-17", "Statement": [ANYTHING]})
    for policy in ("boundary", "environment"):
        arn = f"arn:aws:iam::{ACCOUNTS[1]}:policy/delivery-{policy}"
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
    checks = [f"{ACCOUNTS[1]}/eu-west-1: {check}" for check in ("boundary", "execution policy")]
    before = states(bootstrapped.run("doctor", *PROFILES).stdout)
    assert [before[check] for check in checks] == ["red", "red"]
    bootstrap_policies_again(bootstrapped, tmp_path)
    after = states(bootstrapped.run("doctor", *PROFILES).stdout)
    assert [after[check] for check in checks] == ["ok", "ok"]


def test_the_accounts_that_a_bootstrap_trusts_are_kept(bootstrapped: Person) -> None:
    """Accounts that other CDK apps trust stay trusted; the difference is printed before the confirmation."""
    api = bootstrapped.client("cloudformation", ACCOUNTS[1])

    def parameters() -> dict[str, str]:
        stack = api.describe_stacks(StackName="CDKToolkit")["Stacks"][0]
        return {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in stack["Parameters"]}

    others = {
        "TrustedAccounts": "999999999999",
        "CloudFormationExecutionPolicies": "arn:aws:iam::aws:policy/PowerUserAccess",
    }
    changed = [{"ParameterKey": key, "ParameterValue": value} for key, value in (parameters() | others).items()]
    api.update_stack(StackName="CDKToolkit", UsePreviousTemplate=True, Parameters=changed, Capabilities=CAPABILITIES)
    asked = bootstrapped.run("bootstrap", *ONLY, *PROFILES, given="n\n")
    assert asked.returncode == 130
    assert "CDKToolkit is there already: it trusts 999999999999 already; they stay trusted" in asked.stderr
    assert "arn:aws:iam::aws:policy/PowerUserAccess there, and would work with" in asked.stderr
    assert parameters()["TrustedAccounts"] == "999999999999"
    bootstrap_again(bootstrapped)
    assert parameters()["TrustedAccounts"].split(",") == ["999999999999", ACCOUNTS[0]]
    assert "PowerUserAccess" not in parameters()["CloudFormationExecutionPolicies"]


@pytest.mark.gate
def test_a_reader_role_that_others_may_assume_is_red(bootstrapped: Person, tmp_path: Path) -> None:
    """A changed trust policy or permission of the reader role is red, and a bootstrap corrects it."""
    iam, role = bootstrapped.client("iam", ACCOUNTS[1]), "cdk-delivery-reader-shop-delivery"
    check = f"{ACCOUNTS[1]}/eu-west-1: reader role"
    trust = json.loads(Reader(ACCOUNTS[1], "shop-delivery", ACCOUNTS[0]).trust)
    trust["Statement"][0].pop("Condition")
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))
    done = bootstrapped.run("doctor", *PROFILES)
    assert states(done.stdout)[check] == "red"
    assert f"{role} trusts others than shop-delivery-ChangesRole* of {ACCOUNTS[0]}" in done.stdout
    bootstrap_policies_again(bootstrapped, tmp_path)
    iam.attach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert states(bootstrapped.run("doctor", *PROFILES).stdout)[check] == "red"
    iam.detach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert states(bootstrapped.run("doctor", *PROFILES).stdout)[check] == "ok"


@pytest.mark.gate
def test_the_policy_of_another_kind_of_account_is_red(bootstrapped: Person) -> None:
    """The pipeline's execution policy in an environment's account is red."""
    iam = bootstrapped.client("iam", ACCOUNTS[1])
    role = f"cdk-hnb659fds-cfn-exec-role-{ACCOUNTS[1]}-eu-west-1"
    document = json.dumps({"Version": "2012-10-17", "Statement": [ANYTHING]})
    arn = iam.create_policy(PolicyName="delivery-pipeline", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    assert states(bootstrapped.run("doctor", *PROFILES).stdout)[f"{ACCOUNTS[1]}/eu-west-1: execution policy"] == "red"
    iam.detach_role_policy(RoleName=role, PolicyArn=arn)


@pytest.mark.gate
def test_administrators_for_cloudformation_are_red(bootstrapped: Person) -> None:
    """AdministratorAccess, which `cdk bootstrap` without policies grants, is red."""
    iam = bootstrapped.client("iam", ACCOUNTS[2])
    role = f"cdk-hnb659fds-cfn-exec-role-{ACCOUNTS[2]}-eu-west-1"
    iam.attach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    done = bootstrapped.run("doctor", *PROFILES)
    assert done.returncode == 1
    assert states(done.stdout)[f"{ACCOUNTS[2]}/eu-west-1: execution policy"] == "red"


@pytest.mark.gate
def test_placeholders_are_red_where_the_credentials_are_not_theirs(person: Person, tmp_path: Path) -> None:
    """Placeholder accounts are accepted only with credentials for them, which only a rehearsal has."""
    environ = {name: value for name, value in person.environ.items() if not name.startswith("AWS_")}
    environ |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    done = Person(person.folder, environ, person.endpoint).run("doctor")
    assert done.returncode == 1
    assert states(done.stdout)["cdk.json context.delivery.account"] == "red"
