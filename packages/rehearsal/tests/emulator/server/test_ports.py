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


def test_where_every_port_is_given_to_connections_any_will_do(connections_from: Callable[[int], object]) -> None:
    """If the ephemeral range has every port, any port is used."""
    connections_from(1024)
    with listening_socket.listen_on_preferred_port("", None) as listener, socket.socket() as client:
        client.connect(listener.getsockname())


def test_no_connection_and_no_process_takes_the_port(
    space: Workspace, connections_from: Callable[[int], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The port is outside the ephemeral range, so that no connection takes it while the server is down.

    The server inherits its bound socket, so that no process takes the port during the start.
    """
    connections_from(20_100)
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
    assert 20_000 <= int(ports[0]) < 20_100
