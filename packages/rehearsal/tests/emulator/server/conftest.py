"""Workspaces whose embedded AWS ends with the test, one with a saved state, and queues that show whose state it has."""

from __future__ import annotations

import shutil
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


@pytest.fixture(scope="session")
def _ended(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The workspace of an embedded AWS with IAM and a queue that has saved its state."""
    workspace = Workspace(tmp_path_factory.mktemp("ended"))
    make_queue(launcher.up(workspace, None, iam=True))
    launcher.down(workspace)
    return workspace


@pytest.fixture
def saved(_ended: Workspace, space: Workspace) -> Workspace:
    """A workspace with this state, which a test may use or damage."""
    shutil.copytree(_ended.home, space.home)
    return space
