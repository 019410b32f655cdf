"""The port of the embedded AWS: it is kept for it, and no other process gets it."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rehearsal.emulator.server import launcher, listening_socket
from rehearsal.errors import WrongUse
from rehearsal.workspace.layout import Workspace
from tests.emulator.server.conftest import queues


def test_a_busy_port_is_refused(space: Workspace) -> None:
    """A busy port is an error that names the port and the option to change it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(WrongUse, match=f"port {port} on 127.0.0.1 cannot be used .* name another with --port"):
            launcher.up(space, port)


@pytest.fixture
def connections_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], object]:
    """Set the lowest port of the ephemeral range."""
    monkeypatch.setattr(listening_socket, "LOCAL_PORTS", tmp_path / "range")
    return lambda lowest: listening_socket.LOCAL_PORTS.write_text(f"{lowest}\t65535\n")


def test_no_connection_is_given_the_port_while_it_is_down(
    space: Workspace, connections_from: Callable[[int], object]
) -> None:
    """The port is outside the ephemeral range, so that no connection takes it while the server is down."""
    connections_from(20_100)
    assert 20_000 <= int(launcher.up(space, None).endpoint.rpartition(":")[2]) < 20_100


def test_where_every_port_is_given_to_connections_any_will_do(
    space: Workspace, connections_from: Callable[[int], object]
) -> None:
    """If the ephemeral range has every port, any port is used."""
    connections_from(1024)
    assert queues(launcher.up(space, None)) == []


def test_no_process_takes_the_port_during_the_start(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server inherits its bound socket, so that no process takes the port during the start."""
    ports: list[str] = []
    popen = subprocess.Popen

    def starts(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        (inherited,) = (fd for fd in options["pass_fds"] if stat.S_ISSOCK(os.fstat(fd).st_mode))
        with socket.socket(fileno=os.dup(inherited)) as its, socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with pytest.raises(OSError, match="in use"):
                other.bind(its.getsockname())
            ports.append(str(its.getsockname()[1]))
        return popen(command, **options)

    monkeypatch.setattr(subprocess, "Popen", starts)
    assert ports == [launcher.up(space, None).endpoint.rpartition(":")[2]]
