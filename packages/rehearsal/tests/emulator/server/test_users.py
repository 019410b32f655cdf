"""Users of the embedded AWS: the last one stops it, and read-only commands never discard its saved state."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys

import pytest

from rehearsal.aws import root
from rehearsal.emulator.server import launcher
from rehearsal.emulator.server.listening_socket import port_of
from rehearsal.errors import WrongUse
from rehearsal.host.procfs import start_ticks
from rehearsal.workspace.layout import Workspace
from tests.commands.conftest import until
from tests.emulator.server.conftest import ACCOUNT, REGION, make_queue, queues
from tests.root import PACKAGE


def test_a_read_only_command_never_discards_the_saved_state(saved: Workspace) -> None:
    """A read-only command fails if the saved port is taken or another one is requested, and keeps the state."""
    address = saved.saved_address()
    refusal = rf"the saved state can be used at .*{port_of(address)} only.*starts afresh"
    with pytest.raises(WrongUse, match=refusal), launcher.join_or_resume(saved, 1):
        pass
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port_of(address)))
        taken.listen()
        with pytest.raises(WrongUse, match=refusal), launcher.join_or_resume(saved):
            pass
    with launcher.join_or_resume(saved) as endpoint:
        assert endpoint.url == address
        assert queues(launcher.up(saved, port_of(address))) != []


def test_a_read_only_command_uses_the_saved_mode(space: Workspace) -> None:
    """A read-only command uses the saved state's mode instead of the default."""
    make_queue(launcher.up(space, None, iam=False))
    launcher.down(space)
    with launcher.join_or_resume(space) as endpoint:
        assert not endpoint.iam
        assert endpoint.client("sqs", root(ACCOUNT), REGION).list_queues()["QueueUrls"]


def test_it_ends_with_its_last_user(space: Workspace) -> None:
    """The server ends with its last user, whichever command started it, and saves its state."""
    with contextlib.ExitStack() as second:
        with launcher.join_or_start(space) as started:
            found = second.enter_context(launcher.join_or_start(space))
            assert found == started
        found.client("sqs", root(ACCOUNT), REGION).create_queue(QueueName="kept")
    assert space.server() is None
    assert "kept" in (space.saved / "sqs.json").read_text()


def test_up_keeps_what_a_command_has_started_for_itself(space: Workspace) -> None:
    """`up` keeps a server that a command has started, until `down`."""
    with launcher.join_or_start(space):
        server = launcher.up(space, None)
    assert space.server() == server
    assert queues(server) == []
    assert launcher.down(space)


def test_it_ends_with_a_user_that_is_killed(space: Workspace) -> None:
    """The server ends and saves its state when its last user is killed."""
    text = "import sys, time; from pathlib import Path; from rehearsal.emulator.server import launcher;"
    text += "from rehearsal.workspace.layout import Workspace\n"
    text += "with launcher.join_or_start(Workspace(Path(sys.argv[1]))): print('runs', flush=True); time.sleep(600)"
    user = subprocess.Popen(
        [sys.executable, "-c", text, str(space.root)],
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        stdout=subprocess.PIPE,
    )
    assert user.stdout
    assert user.stdout.readline() == b"runs\n"
    server = space.server()
    user.kill()
    user.communicate()
    assert server
    until(lambda: start_ticks(server.pid) is None)
    assert space.saved.exists()
