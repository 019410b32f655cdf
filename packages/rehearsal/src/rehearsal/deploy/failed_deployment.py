"""The record of a first deployment that failed: its error, and the logs of functions that ran in it.

`run` ends the embedded AWS afterwards, and the next deployment deletes the stack.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from botocore.exceptions import ClientError

from rehearsal.aws import Endpoint, root
from rehearsal.host.atomic_write import write_text
from rehearsal.project.cloud_assembly import Environment, Stack
from rehearsal.workspace.layout import Workspace

_GROUPS = "/aws/lambda/"


def validation_errors(endpoint: Endpoint, stack: Stack) -> list[str]:
    """Return a line for each error that CloudFormation found before it created anything; `cdk deploy` prints none.

    Source: CloudFormation API reference, "DescribeEvents".
    """
    api = endpoint.client("cloudformation", root(stack.account), stack.region)
    try:
        events = api.describe_events(StackName=stack.name)["OperationEvents"]
    except ClientError:  # the deployment failed before there was a stack
        return []
    failed = [event for event in events if event.get("ValidationStatus") == "FAILED"]
    return [f"{event['LogicalResourceId']}: {event['ValidationStatusReason']}" for event in failed]


def keep(space: Workspace, endpoint: Endpoint, environments: Sequence[Environment], error: str) -> str:
    """Write the error, and the logs of all functions; return the error with the paths of the logs."""
    folder = _folder(space)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    logs = [
        str(path.relative_to(space.root))
        for environment in environments
        for path in _write_logs(endpoint, environment, folder)
    ]
    text = f"{error}\nthe logs of its functions: {', '.join(logs)}" if logs else error
    write_text(folder / "error.txt", text)
    return text


def read(space: Workspace) -> str:
    """Return what `keep` returned; empty where the last deployment did not fail."""
    try:
        return (_folder(space) / "error.txt").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def remove(space: Workspace) -> None:
    """Forget an earlier failure."""
    shutil.rmtree(_folder(space), ignore_errors=True)


def _folder(space: Workspace) -> Path:
    return space.logs / "failed-deployment"


def _write_logs(endpoint: Endpoint, environment: Environment, folder: Path) -> Iterator[Path]:
    """Write a file for each function that has logged something; yield its path."""
    logs = endpoint.client("logs", root(environment.account), environment.region)
    groups = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=_GROUPS)
    for group in (group["logGroupName"] for page in groups for group in page["logGroups"]):
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        lines = [event["message"].rstrip("\n") for page in pages for event in page["events"]]
        path = folder / f"{environment.account}-{environment.region}-{group.removeprefix(_GROUPS)}.log"
        if lines:
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            yield path
