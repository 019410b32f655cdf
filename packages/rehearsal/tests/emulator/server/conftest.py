"""A workspace whose embedded AWS ends with the test, and queues that show whose state it has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.aws import root
from rehearsal.emulator.server import launcher
from rehearsal.workspace.layout import Server, Workspace

ACCOUNT, REGION = "222222222222", "eu-west-1"


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path)
    yield workspace
    launcher.down(workspace)


def queues(server: Server) -> list[str]:
    """Return the URLs of the account's queues."""
    found: list[str] = server.to_endpoint().client("sqs", root(ACCOUNT), REGION).list_queues().get("QueueUrls", [])
    return found


def make_queue(server: Server) -> None:
    server.to_endpoint().client("sqs", root(ACCOUNT), REGION).create_queue(QueueName="kept")
