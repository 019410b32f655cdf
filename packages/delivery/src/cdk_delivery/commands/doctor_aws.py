"""The checks of `doctor` that call AWS: credentials, bootstrap, trust, policies, reader role, connection."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from cdk_delivery.access.policy_files import PolicyFiles
from cdk_delivery.access.role_names import QUALIFIER
from cdk_delivery.changes.bootstrap_policies import policy_document
from cdk_delivery.changes.policy_documents import decoded
from cdk_delivery.changes.reader_role import policy_arn
from cdk_delivery.commands.accounts import Sessions, Target
from cdk_delivery.commands.bootstrap import Plan
from cdk_delivery.commands.doctor_rows import Row
from cdk_delivery.json_values import items, member
from cdk_delivery.settings.model import Delivery
from cdk_delivery.settings.source import ConnectionSource

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

# The version of the bootstrap that assemblies of the pinned CDK require; the lookup role requires the highest.
# Source: AWS CDK developer guide, "Bootstrap template version history".
BOOTSTRAP_VERSION = 8


def account_rows(plan: Plan, sessions: Sessions, policies: PolicyFiles) -> Iterator[Row]:
    """Yield the rows of one account and region; only the row of the credentials if they are not the account's.

    policies: the generated files, which the account's policies are compared with.
    """
    target, where = plan.target, str(plan.target)
    try:
        account = sessions.client("sts", target).get_caller_identity()["Account"]
    except (ClientError, BotoCoreError) as error:
        yield Row(f"{where}: credentials", "red", str(error), f"--profile {target.account}=PROFILE")
        return
    if account != target.account:
        yield Row(f"{where}: credentials", "red", f"of account {account}", f"--profile {target.account}=PROFILE")
        return
    yield Row(f"{where}: credentials", "ok", f"of account {account}")
    bootstrap = f"delivery bootstrap --only {target}{sessions.option(target)}"
    for row in (_bootstrap_row(target, sessions), *_iam_rows(plan, sessions.client("iam", target), policies)):
        yield replace(row, remedy=bootstrap)


def _iam_rows(plan: Plan, iam: IAMClient, policies: PolicyFiles) -> Iterator[Row]:
    """Yield the rows of roles and policies, all of which a bootstrap creates and corrects."""
    yield from _role_rows(plan, iam)
    for name in plan.managed_policies:
        yield _policy_row(plan, name, iam, policies)
    if plan.reader:
        fault = plan.reader.fault(iam)
        finding = f"{plan.reader.name} {fault or 'reads for the changes build'}"
        yield Row(f"{plan.target}: reader role", "red" if fault else "ok", finding)


def _bootstrap_row(target: Target, sessions: Sessions) -> Row:
    check = f"{target}: bootstrap"
    name = f"/cdk-bootstrap/{QUALIFIER}/version"
    try:
        version = int(sessions.client("ssm", target).get_parameter(Name=name)["Parameter"]["Value"])
    except ClientError as error:
        return Row(check, "red", _missing(name, error))
    return Row(check, "ok" if version >= BOOTSTRAP_VERSION else "red", f"version {version}, needed {BOOTSTRAP_VERSION}")


def _missing(name: str, error: ClientError) -> str:
    """Return that something does not exist, or the code of another error."""
    code = error.response["Error"]["Code"]
    return f"{name} {'does not exist' if code in ('NoSuchEntity', 'ParameterNotFound') else code}"


def _role_rows(plan: Plan, iam: IAMClient) -> Iterator[Row]:
    target = plan.target
    suffix = f"{target.account}-{target.region}"
    try:
        if plan.trust:
            for role in ("deploy", "lookup", "file-publishing"):
                yield _trust_row(iam, f"cdk-{QUALIFIER}-{role}-role-{suffix}", plan.trust, target)
        execution = f"cdk-{QUALIFIER}-cfn-exec-role-{suffix}"
        attached = iam.list_attached_role_policies(RoleName=execution)["AttachedPolicies"]
    except ClientError as error:
        yield Row(f"{target}: bootstrap's roles", "red", _missing(f"one of cdk-{QUALIFIER}-*-role-{suffix}", error))
        return
    names = sorted(policy["PolicyArn"] for policy in attached)
    expected = sorted(policy_arn(target.account, policy) for policy in plan.policies)
    finding = ", ".join(name.rsplit("/", 1)[1] for name in names) or "none"
    yield Row(f"{target}: execution policy", "ok" if names == expected else "red", finding)


def _trust_row(iam: IAMClient, role: str, account: str, target: Target) -> Row:
    document = decoded(iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"])
    trusted = account in json.dumps([member(statement, "Principal") for statement in items(document, "Statement")])
    finding = f"{role} {'trusts' if trusted else 'does not trust'} {account}"
    return Row(f"{target}: trust", "ok" if trusted else "red", finding)


def _policy_row(plan: Plan, name: str, iam: IAMClient, policies: PolicyFiles) -> Row:
    """Return whether a policy in the account is the same as the project's file, which `make generate` may change."""
    kind = {"boundary": "boundary", "reader": "reader policy"}.get(name, "execution policy")
    check = f"{plan.target}: {kind}"
    arn = policy_arn(plan.target.account, name)
    try:
        same = policy_document(iam, arn) == json.loads(policies.read(name))
    except ClientError as error:
        return Row(check, "red", _missing(arn.rsplit("/", 1)[1], error))
    finding = f"{arn.rsplit('/', 1)[1]} {'is' if same else 'is not'} as in {policies.path(name)}"
    return Row(check, "ok" if same else "red", finding)


def connection_row[OptionsT](delivery: Delivery[OptionsT], target: Target, sessions: Sessions) -> Row | None:
    """Return whether the connection's handshake was completed in the console; None for another source."""
    if not isinstance(delivery.source, ConnectionSource):
        return None
    remedy = f"finish the handshake: console, Developer Tools, Settings, Connections, in {delivery.region}"
    try:
        api = sessions.client("codeconnections", target)
        status = api.get_connection(ConnectionArn=delivery.source.connection_arn)["Connection"]["ConnectionStatus"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        known = code in ("ResourceNotFoundException", "AccessDeniedException")
        return Row("connection", "red" if known else "unknown", code, remedy)
    except BotoCoreError as error:
        return Row("connection", "unknown", str(error), remedy)
    return Row("connection", "ok" if status == "AVAILABLE" else "red", status, remedy)
