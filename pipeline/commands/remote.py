"""What `doctor` asks AWS: credentials, bootstrap, trust, execution policies, boundary, connection."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.access.boundary import BOUNDARY
from pipeline.commands.accounts import Sessions, Target
from pipeline.commands.rows import Row
from pipeline.settings import Delivery
from pipeline.source import ConnectionSource

# Source: AWS CDK developer guide, "Bootstrap template version history": what the pinned CDK's assemblies ask for.
VERSION = 6
BOOTSTRAP = "python -m pipeline bootstrap"


def account_rows(delivery: Delivery, target: Target, sessions: Sessions) -> Iterator[Row]:
    """Everything about one account and region; the rest is left out where the credentials are not the account's."""
    where = str(target)
    try:
        found = sessions.client("sts", target).get_caller_identity()["Account"]
    except (ClientError, BotoCoreError) as error:
        yield Row(f"{where}: credentials", "red", str(error), f"--profile {target.account}=PROFILE")
        return
    if found != target.account:
        yield Row(f"{where}: credentials", "red", f"of account {found}", f"--profile {target.account}=PROFILE")
        return
    yield Row(f"{where}: credentials", "ok", f"of account {found}")
    yield _version(target, sessions)
    trust = delivery.account if target.account != delivery.account else None
    yield from _roles(delivery, target, sessions.client("iam", target), trust)


def _version(target: Target, sessions: Sessions) -> Row:
    check = f"{target}: bootstrap"
    try:
        name = "/cdk-bootstrap/hnb659fds/version"
        version = int(sessions.client("ssm", target).get_parameter(Name=name)["Parameter"]["Value"])
    except ClientError as error:
        return Row(check, "red", error.response["Error"]["Code"], BOOTSTRAP)
    return Row(check, "ok" if version >= VERSION else "red", f"version {version}, needed {VERSION}", BOOTSTRAP)


def _roles(delivery: Delivery, target: Target, iam: Any, trust: str | None) -> Iterator[Row]:
    suffix = f"{target.account}-{target.region}"
    try:
        if trust:
            for role in ("deploy", "lookup", "file-publishing"):
                yield _trusts(iam, f"cdk-hnb659fds-{role}-role-{suffix}", trust, target)
        attached = iam.list_attached_role_policies(RoleName=f"cdk-hnb659fds-cfn-exec-role-{suffix}")["AttachedPolicies"]
    except ClientError as error:
        yield Row(f"{target}: bootstrap's roles", "red", error.response["Error"]["Code"], BOOTSTRAP)
        return
    names = sorted(each["PolicyName"] for each in attached)
    narrow = bool(names) and all(name.startswith("delivery-") for name in names)
    yield Row(f"{target}: execution policy", "ok" if narrow else "red", ", ".join(names) or "none", BOOTSTRAP)
    if delivery.permissions_boundary:
        yield _boundary(iam, target)


def _trusts(iam: Any, role: str, account: str, target: Target) -> Row:
    held = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    document = held if isinstance(held, dict) else json.loads(unquote(held))
    trusted = account in json.dumps([each.get("Principal") for each in document["Statement"]])
    found = f"{role} {'trusts' if trusted else 'does not trust'} {account}"
    return Row(f"{target}: trust", "ok" if trusted else "red", found, BOOTSTRAP)


def _boundary(iam: Any, target: Target) -> Row:
    try:
        iam.get_policy(PolicyArn=f"arn:aws:iam::{target.account}:policy/{BOUNDARY}")
    except ClientError as error:
        return Row(f"{target}: boundary", "red", error.response["Error"]["Code"], BOOTSTRAP)
    return Row(f"{target}: boundary", "ok", BOUNDARY)


def connection_row(delivery: Delivery, target: Target, sessions: Sessions) -> Row | None:
    """Whether the connection was accepted in the console; None for another source."""
    if not isinstance(delivery.source, ConnectionSource):
        return None
    mend = f"finish the handshake: console, Developer Tools, Settings, Connections, in {delivery.region}"
    try:
        api = sessions.client("codeconnections", target)
        status = api.get_connection(ConnectionArn=delivery.source.connection_arn)["Connection"]["ConnectionStatus"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        known = code in ("ResourceNotFoundException", "AccessDeniedException")
        return Row("connection", "red" if known else "unknown", code, mend)
    except BotoCoreError as error:
        return Row("connection", "unknown", str(error), mend)
    return Row("connection", "ok" if status == "AVAILABLE" else "red", status, mend)
