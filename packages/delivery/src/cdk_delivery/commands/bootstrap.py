"""`bootstrap`: what each account needs before the first deployment, printed, and done on confirmation."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cdk_delivery.access.policy_files import PolicyFiles
from cdk_delivery.changes import reader_role
from cdk_delivery.changes.bootstrap_policies import policy_document
from cdk_delivery.changes.reader_role import policy_arn
from cdk_delivery.commands.accounts import Sessions, Target, settings, targets
from cdk_delivery.commands.existing_toolkit import STACK, ExistingToolkit, read_toolkit
from cdk_delivery.commands.reader import Reader
from cdk_delivery.errors import PipelineError, WrongUse
from cdk_delivery.settings.model import Delivery

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

# Source: IAM API reference, "CreatePolicyVersion": a policy has five versions at most; the caller deletes an old one.
MAX_POLICY_VERSIONS = 5
_PRINTED = f"""\
# Where an account has {STACK} already, add the accounts that it trusts to --trust and --trust-for-lookup: the CDK CLI
# replaces them. `delivery bootstrap` without --print reads them and does so."""


@dataclass(frozen=True)
class Plan:
    """One account and region: its execution policies, the command that bootstraps it, and the changes build's role.

    trust: the account of the pipeline, if it is another one. reader: None in an account without environments.
    existing: the account's bootstrap stack; None without one.
    """

    target: Target
    policies: Sequence[str]
    trust: str | None
    reader: Reader | None = None
    existing: ExistingToolkit | None = None

    @property
    def managed_policies(self) -> Sequence[str]:
        """Every policy of the project that the account gets."""
        return ["boundary", *self.policies, *([reader_role.POLICY] if self.reader else [])]

    @property
    def command(self) -> list[str]:
        """The CDK CLI's command, with the execution policies in place of AdministratorAccess."""
        return [
            *("cdk", "bootstrap", f"aws://{self.target}", *self._trust()),
            *("--cloudformation-execution-policies", ",".join(self.execution_policies), "--termination-protection"),
        ]

    @property
    def execution_policies(self) -> Sequence[str]:
        """The ARNs of the execution policies, which CloudFormation's role has."""
        return [policy_arn(self.target.account, name) for name in self.policies]

    def _trust(self) -> Sequence[str]:
        """Return the options for trusted accounts. The CLI replaces existing ones, so that they are passed again."""
        if not self.trust:
            return []
        before = self.existing or ExistingToolkit((), (), ())
        trusted = ",".join(dict.fromkeys([*before.trusted, self.trust]))
        trusted_for_lookup = ",".join(dict.fromkeys([*before.trusted_for_lookup, self.trust]))
        return ["--trust", trusted, "--trust-for-lookup", trusted_for_lookup]

    def differences(self) -> Sequence[str]:
        """Return a line for each thing that the bootstrap changes for other CDK apps of the account."""
        accounts = [self.trust] if self.trust else []
        return [*self.existing.differences(accounts, self.execution_policies)] if self.existing else []


def plans[OptionsT](delivery: Delivery[OptionsT], policies: PolicyFiles) -> Sequence[Plan]:
    """Return a plan for each account and region. Raises WrongUse if there is no policy.

    An account of the pipeline and of an environment gets the policies of both.
    """
    return [_plan(target, delivery, policies) for target in targets(delivery)]


def _plan[OptionsT](target: Target, delivery: Delivery[OptionsT], policies: PolicyFiles) -> Plan:
    is_pipeline = target.account == delivery.account
    is_environment = target.account in {environment.account for environment in delivery.environments}
    return Plan(
        target,
        policies=[
            *(policies.parts("pipeline") if is_pipeline else []),
            *(policies.parts("environment") if is_environment else []),
        ],
        trust=None if is_pipeline else delivery.account,
        reader=Reader(target.account, delivery.name, delivery.account) if is_environment else None,
    )


def bootstrap(root: Path, profiles: Sequence[str], only: Sequence[str], *, only_print: bool, yes: bool) -> int:
    """Check the credentials of all accounts, print every command and, on confirmation, bootstrap one after the other.

    only: the accounts and regions to bootstrap, such as 210987654321/eu-west-1; all if it is empty. only_print: print
    the commands and call nothing. Returns 0. Raises WrongUse, PipelineError.
    """
    delivery = settings(root)
    if not delivery.permissions_boundary:
        raise WrongUse(
            "cdk.json context.delivery.permissions_boundary: is false; the execution policies allow creating roles"
            " only with the boundary, so deployments would fail. Set it to true"
        )
    policies = PolicyFiles.of(root)
    account_plans = _select_plans(plans(delivery, policies), only)
    if only_print:
        click.echo(_PRINTED)
        _print_commands(account_plans, policies)
        return 0
    if not shutil.which("cdk"):
        raise WrongUse("there is no `cdk` on PATH; `export PATH=$PWD/.venv/bin:$PWD/node_modules/.bin:$PATH`")
    sessions = Sessions(profiles)
    for plan in account_plans:
        check_identity(sessions, plan.target)
    account_plans = [
        replace(plan, existing=read_toolkit(sessions.client("cloudformation", plan.target))) for plan in account_plans
    ]
    _print_commands(account_plans, policies)
    if not yes:
        click.confirm(f"Do this in {len({plan.target.account for plan in account_plans})} accounts?", abort=True)
    for plan in account_plans:
        _bootstrap_account(plan, sessions, policies)
        click.echo(f"{plan.target}: done")
    return 0


def _print_commands(account_plans: Sequence[Plan], policies: PolicyFiles) -> None:
    """Print the commands for each account, then what they change for other CDK apps there."""
    for plan in account_plans:
        click.echo("\n".join(_shell_commands(plan, policies)))
    for plan in account_plans:
        for line in plan.differences():
            click.echo(f"{plan.target}: {STACK} is there already: {line}", err=True)


def _select_plans(account_plans: Sequence[Plan], only: Sequence[str]) -> Sequence[Plan]:
    by_target = {str(plan.target): plan for plan in account_plans}
    unknown = [name for name in only if name not in by_target]
    if unknown:
        raise WrongUse(f"--only: got '{unknown[0]}'; cdk.json's delivery needs {', '.join(by_target)}")
    return [by_target[name] for name in only] or account_plans


def check_identity(sessions: Sessions, target: Target) -> None:
    """Raise WrongUse if the credentials are those of another account."""
    account = sessions.client("sts", target).get_caller_identity()["Account"]
    if account != target.account:
        raise WrongUse(
            f"{target}: the credentials are those of account {account}; name a profile for it: --profile"
            f" {target.account}=PROFILE"
        )


def _shell_commands(plan: Plan, policies: PolicyFiles) -> Iterator[str]:
    """Yield the commands for a shell. A policy that exists gets a new version instead."""
    yield f"# {plan.target}"
    for name in plan.managed_policies:
        arn, file = policy_arn(plan.target.account, name), f"file://{policies.path(name)}"
        yield f"aws iam create-policy --policy-name {arn.rsplit('/', 1)[1]} --policy-document {file} ||"
        yield f"  aws iam create-policy-version --policy-arn {arn} --policy-document {file} --set-as-default"
    if plan.reader:
        yield from plan.reader.shell_commands()
    yield f"{' '.join(plan.command)}"


def _bootstrap_account(plan: Plan, sessions: Sessions, policies: PolicyFiles) -> None:
    iam = sessions.client("iam", plan.target)
    for name in plan.managed_policies:
        put_policy(iam, policy_arn(plan.target.account, name), policies.read(name))
    if plan.reader:
        plan.reader.put(iam)
    with tempfile.TemporaryDirectory() as folder:  # without cdk.json, so that no app is run
        done = subprocess.run(
            plan.command, cwd=folder, env=sessions.environ(plan.target), capture_output=True, text=True, check=False
        )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise PipelineError(f"{plan.target}: `{' '.join(plan.command)}` ended with {done.returncode}\n{last}")


def put_policy(iam: IAMClient, arn: str, text: str) -> None:
    """Create a policy, or give it a new default version if its text changed."""
    document = json.dumps(json.loads(text), separators=(",", ":"))
    try:
        current = policy_document(iam, arn)
    except iam.exceptions.NoSuchEntityException:
        iam.create_policy(PolicyName=arn.rsplit("/", 1)[1], PolicyDocument=document)
        return
    if current == json.loads(document):
        return
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    if len(versions) >= MAX_POLICY_VERSIONS:
        unused = [version for version in versions if not version["IsDefaultVersion"]]
        oldest = min(unused, key=lambda version: version["CreateDate"])
        iam.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
