"""Start and end the emulator's process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rehearsal import machine
from rehearsal.aws import Endpoint
from rehearsal.errors import WrongUse
from rehearsal.locks import starting
from rehearsal.workspace import Server, Workspace

START_SECONDS, END_SECONDS = 60, 60
IAM = True


@contextlib.contextmanager
def running(workspace: Workspace, port: int | None = None, *, iam: bool | None = None) -> Iterator[Endpoint]:
    """The emulator for a while: the one that `up` started, or one of our own that ends with the block."""
    server, process = _found_or_started(workspace, port, detached=False, iam=iam)
    try:
        yield server.reached()
    finally:
        if process:
            _end(process)


def up(workspace: Workspace, port: int | None, *, iam: bool | None = None) -> Server:
    """Start an emulator that goes on until `down`. iam: None is the default, or as the one that runs already does."""
    server, process = _found_or_started(workspace, port, detached=True, iam=iam)
    if process:
        process.returncode = 0  # it goes on by itself: nobody here waits for it, and Popen need not warn of that
    return server


def _found_or_started(
    workspace: Workspace, port: int | None, *, detached: bool, iam: bool | None
) -> tuple[Server, subprocess.Popen[bytes] | None]:
    """The emulator that runs already, or a new one and its process. Of two who come at once the second finds one."""
    workspace.make()
    with starting(workspace) as lock:
        server = _found(workspace, iam=iam)
        if server:
            return server, None
        process = start(workspace, port, lock, detached=detached, iam=IAM if iam is None else iam)
        try:
            return _wait(workspace, process), process
        except BaseException:  # an interrupt as well: nobody would know of it
            _sweep(process.pid)
            process.wait()
            raise


def _found(workspace: Workspace, *, iam: bool | None) -> Server | None:
    """The emulator that runs already. Raises WrongUse where it treats IAM in another way than is wanted."""
    server = workspace.server()
    if server and iam not in (None, server.iam):
        does = "enforces IAM" if server.iam else "does not enforce IAM"
        raise WrongUse(f"the embedded AWS that runs already {does}: end it with `python -m rehearsal down` first")
    return server


def as_saved(workspace: Workspace) -> bool | None:
    """How the saved state, or what runs, treats IAM: for who only looks, and must not start afresh for it."""
    saved = workspace.saved_address()
    return saved.startswith("https") if saved and not workspace.server() else None


def down(workspace: Workspace) -> bool:
    """End the emulator that `up` started, its state saved; False where none runs.

    One that does not end by itself is killed, without its state.
    """
    server = workspace.server()
    if not server:
        return False
    os.kill(server.pid, signal.SIGTERM)
    deadline = time.monotonic() + END_SECONDS
    while workspace.server() and time.monotonic() < deadline:
        time.sleep(0.05)
    _sweep(server.pid)
    return True


def start(workspace: Workspace, port: int | None, lock: int, *, detached: bool, iam: bool) -> subprocess.Popen[bytes]:
    """The emulator's process, which holds the lock until it is known, even where this one is killed meanwhile."""
    workspace.record.unlink(missing_ok=True)
    number = _usable_port(workspace) if port is None else _checked(port)
    command = [
        sys.executable,
        "-m",
        "rehearsal.emulator.server",
        str(workspace.root),
        str(number),
        "yes" if detached else "no",
        "yes" if iam else "no",
        str(lock),
    ]
    package = Path(__file__).resolve().parent.parent.parent
    with _log(workspace).open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=workspace.home,
            env={**machine.environment(), "PYTHONPATH": str(package), "HOME": str(workspace.aws)},
            stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(lock,),
        )


def _wait(workspace: Workspace, process: subprocess.Popen[bytes]) -> Server:
    """Until the emulator answers. Raises WrongUse with its last words where it does not come up."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        server = workspace.server()
        if server and _answers(server):
            return server
        time.sleep(0.02)
    words = "\n".join(_log(workspace).read_text(errors="replace").splitlines()[-15:])
    raise WrongUse(f"the embedded AWS did not come up; the end of {_log(workspace)}:\n{words}")


def _answers(server: Server) -> bool:
    host, _, port = server.endpoint.rpartition("//")[2].partition(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
        return True
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close its standard input, which asks it to end; kill it where it does not."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        _sweep(process.pid)
        process.wait()
    _sweep(process.pid)


def _sweep(group: int) -> None:
    """Kill what is left of an emulator's process group: functions that it keeps warm end some time after it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _log(workspace: Workspace) -> Path:
    return workspace.logs / "emulator.log"


def _usable_port(workspace: Workspace) -> int:
    """The port of the saved state, which its queues' URLs hold, or a free one."""
    saved = workspace.saved_address().rpartition(":")[2]
    if saved:
        with contextlib.suppress(OSError):
            return _bound(int(saved))
    return _bound(0)


def _checked(port: int) -> int:
    try:
        return _bound(port)
    except OSError as error:
        raise WrongUse(
            f"port {port} on 127.0.0.1 cannot be used ({error.strerror}); name another with --port, or leave it out"
        ) from error


def _bound(port: int) -> int:
    """Bind the port for a moment (0: any free one). Raises OSError where it can't be."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return int(probe.getsockname()[1])
