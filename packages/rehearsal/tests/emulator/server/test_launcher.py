"""The embedded AWS's process: its address, its saved state, and its end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import ssl
import time
from types import SimpleNamespace

import pytest

from rehearsal.emulator.server import launcher, state_version
from rehearsal.emulator.server.listening_socket import port_of
from rehearsal.errors import WrongUse
from rehearsal.host import host_environment
from rehearsal.host.procfs import start_ticks
from rehearsal.workspace.layout import Workspace
from tests.emulator.server.conftest import make_queue, queues


def test_the_log_has_the_level_that_is_asked_for(saved: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the level `info` the log has MiniStack's lines, without it only warnings."""
    log = saved.logs / "emulator.log"
    assert "INFO" not in log.read_text()
    monkeypatch.setenv(host_environment.LOG_LEVEL, "info")
    launcher.up(saved, None)
    assert "INFO" in log.read_text()


def test_state_outlives_a_clean_end_at_the_same_address(saved: Workspace) -> None:
    """`up` restores the state that `down` saved, at the same port, since queue URLs have the port."""
    first = saved.saved_address()
    second = launcher.up(saved, None)
    assert second.endpoint == first
    assert [url.rpartition("/")[2] for url in queues(second)] == ["kept"]


def test_state_of_another_port_is_given_up(saved: Workspace) -> None:
    """State with another port is discarded, since its URLs would be invalid."""
    first = saved.saved_address()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port_of(first)))
        taken.listen()
        second = launcher.up(saved, None)
        assert second.endpoint != first
        assert queues(second) == []


def test_state_of_the_other_mode_is_given_up(saved: Workspace) -> None:
    """State of a server with IAM is discarded without IAM, and the reverse."""
    without = launcher.up(saved, None, iam=False)
    assert queues(without) == []
    make_queue(without)
    launcher.down(saved)
    assert queues(launcher.up(saved, None, iam=True)) == []


def test_a_client_that_stays_connected_does_not_hold_up_its_end(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`down` does not wait for a client that stays connected."""
    monkeypatch.setattr(launcher, "END_SECONDS", 20)
    server = launcher.up(space, None, iam=True)
    context = ssl.create_default_context(cafile=server.ca)
    host, _, port = server.endpoint.removeprefix("https://").partition(":")
    with socket.create_connection((host, int(port))) as plain, context.wrap_socket(plain, server_hostname=host) as it:
        it.sendall(b"GET /_ministack/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert it.recv(100)
        launcher.down(space)
    assert space.saved.exists()


def test_a_killed_one_starts_afresh(space: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """The state of a killed server is discarded, and the start reports it."""
    first = launcher.up(space, None)
    make_queue(first)
    os.killpg(first.pid, signal.SIGKILL)
    os.waitpid(first.pid, 0)
    assert queues(launcher.up(space, None)) == []
    assert "is not used: the embedded AWS was killed" in capsys.readouterr().err


def test_state_of_another_version_starts_afresh(saved: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """State of another format version is discarded, and the start reports it."""
    (saved.saved / "version").write_text("1")
    assert queues(launcher.up(saved, None)) == []
    assert "is not used: its format has version 1, and this version of rehearsal has 2" in capsys.readouterr().err


def test_a_failed_start_shows_the_end_of_the_log(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of a failed start has the end of the log and the log's path."""
    space.make()
    space.running.write_text("a file where a folder has to be")
    with pytest.raises(WrongUse, match=r"(?s)did not come up.*emulator\.log.*Error"):
        launcher.up(space, None)
    space.running.unlink()


def test_one_that_finds_the_disk_full_says_so(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of a failed start on a full disk says so and names `rehearse clean`."""
    space.make()
    space.running.write_text("a file where a folder has to be")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(WrongUse, match=r"no space is left on the disk of .*make room \(`rehearse clean`"):
        launcher.up(space, None)
    space.running.unlink()


def test_a_damaged_state_is_reported_and_not_used(saved: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """A damaged state file is reported, and the whole state is discarded."""
    for text in ('{"a":', "[]", "\0\0"):
        (saved.saved / "iam.json").write_text(text)
        problem = state_version.reason_not_to_resume(saved, saved.saved_address())
        assert problem
        assert problem.startswith(f"iam.json in {saved.saved} cannot be read")
    assert queues(launcher.up(saved, None)) == []
    assert "the saved state of the embedded AWS is not used: iam.json in " in capsys.readouterr().err


def test_one_whose_workspace_was_removed_ends(space: Workspace) -> None:
    """The server ends when its workspace is removed."""
    server = launcher.up(space, None)
    while space.home.exists():
        shutil.rmtree(space.home, ignore_errors=True)  # the server may still write a file
    deadline = time.monotonic() + 30
    while start_ticks(server.pid) is not None and time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(server.pid, os.WNOHANG)
        time.sleep(0.1)
    assert start_ticks(server.pid) is None
