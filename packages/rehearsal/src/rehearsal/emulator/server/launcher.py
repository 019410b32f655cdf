"""Start and end the emulator's process."""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from rehearsal.aws import Endpoint, close_clients
from rehearsal.emulator.server import state_version
from rehearsal.emulator.server.listening_socket import listen_on_preferred_port, listen_on_saved_port, port_of
from rehearsal.errors import RehearsalError, WrongUse
from rehearsal.host import container_engine, helper_process, host_environment
from rehearsal.workspace.layout import Server, Workspace
from rehearsal.workspace.locks import UsageLock, startup_lock, usage_lock

START_SECONDS, END_SECONDS = 60, 60
# With less free space than this, the log of a process that fails to start may lack the reason: assume a full disk.
LOG_BYTES = 64 * 1024
IAM = True


@contextlib.contextmanager
def join_or_start(workspace: Workspace, port: int | None = None, *, iam: bool | None = None) -> Iterator[Endpoint]:
    """Use the running emulator, or start one, during the block. It ends with its last user, unless detached.

    port, iam: None accepts those of a running emulator; a new one gets the port of the saved state or a free one, and
    enforces IAM. Raises WrongUse where the running emulator has another port or mode.
    """

    def start(lock: int) -> Server:
        with listen_on_preferred_port(workspace.saved_address(), port) as listener:
            return _start(workspace, listener, lock, iam=IAM if iam is None else iam)

    with _shared_server(workspace, port=port, iam=iam, start=start) as endpoint:
        yield endpoint


@contextlib.contextmanager
def join_or_resume(workspace: Workspace, port: int | None = None) -> Iterator[Endpoint]:
    """Use the running emulator, or resume the saved state, during the block, for commands that only read.

    A saved state is never discarded. Raises WrongUse where it cannot be used.
    """

    def start(lock: int) -> Server:
        saved = workspace.saved_address()
        with listen_on_saved_port(saved, port) if saved else listen_on_preferred_port("", port) as listener:
            return _start(workspace, listener, lock, iam=saved.startswith("https") if saved else IAM)

    with _shared_server(workspace, port=port, iam=None, start=start) as endpoint:
        yield endpoint


@contextlib.contextmanager
def _shared_server(
    workspace: Workspace, *, port: int | None, iam: bool | None, start: Callable[[int], Server]
) -> Iterator[Endpoint]:
    """Concurrent callers share one server: the first starts it, the last one stops it."""
    workspace.make()
    with usage_lock(workspace) as use:
        with startup_lock(workspace) as lock:
            use.share()
            server = _running_server(workspace, port, iam=iam) or start(lock)
        try:
            yield server.to_endpoint()
        finally:
            with startup_lock(workspace):
                _release(workspace, use, server)


def _release(workspace: Workspace, use: UsageLock, server: Server) -> None:
    running = workspace.server()
    if running and running.detached:
        return
    if use.try_exclusive():
        _end(workspace, server)
    else:
        use.share()  # no wait where others use it; else waits until the unused server has ended


def up(workspace: Workspace, port: int | None, *, iam: bool | None = None) -> Server:
    """Start an emulator that runs until `down`, or detach the running one. port, iam: as for `join_or_start`."""
    with join_or_start(workspace, port, iam=iam):
        return detach(workspace)


def detach(workspace: Workspace) -> Server:
    """Let the running emulator, which the caller uses, run until `down`. Raises RehearsalError where it has ended."""
    with startup_lock(workspace):
        server = workspace.server()
        if server is None:
            raise RehearsalError(f"the embedded AWS has ended; its log is {_log(workspace)}")
        detached = replace(server, detached=True)
        workspace.write_server(detached)
        return detached


def down(workspace: Workspace) -> bool:
    """End the emulator, which saves its state; return False where none runs."""
    if not workspace.home.exists():
        return False
    with startup_lock(workspace):
        server = workspace.server()
        if server:
            _end(workspace, server)
        return server is not None


def _running_server(workspace: Workspace, port: int | None, *, iam: bool | None) -> Server | None:
    """The running emulator, if any. Raises WrongUse where it has another port or mode than requested."""
    server = workspace.server()
    if server and iam not in (None, server.iam):
        does = "enforces IAM" if server.iam else "does not enforce IAM"
        raise WrongUse(f"the embedded AWS that runs already {does}: end it with `rehearse down` first")
    if server and port not in (None, port_of(server.endpoint)):
        raise WrongUse(
            f"the embedded AWS that runs already has port {port_of(server.endpoint)}, not {port}: leave --port out, or"
            " end it with `rehearse down` first"
        )
    return server


def _start(workspace: Workspace, listener: socket.socket, lock: int, *, iam: bool) -> Server:
    """Start an emulator and wait until it answers.

    Its process inherits the lock and holds it until then, even if this process is killed.
    """
    workspace.record.unlink(missing_ok=True)
    _report_lost_state(workspace, listener, iam=iam)
    command = [sys.executable, "-m", "rehearsal.emulator.server.process", str(workspace.root), "yes" if iam else "no"]
    with _log(workspace).open("wb") as log:
        process = subprocess.Popen(
            [*command, str(listener.fileno()), str(lock)],
            cwd=workspace.home,
            env=_environment(workspace),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(lock, listener.fileno()),
        )
    try:
        server = _wait_until_healthy(workspace, process)
    except BaseException:  # also after an interrupt: the process would be orphaned
        _kill_process_group(process.pid)
        process.wait()
        raise
    process.returncode = 0  # avoids Popen's ResourceWarning: the process may outlive this one
    return server


def _environment(workspace: Workspace) -> dict[str, str]:
    return {
        **host_environment.clean_environment(),
        **container_engine.settings(),
        "PYTHONPATH": str(helper_process.PACKAGES),
        "HOME": str(workspace.aws),
        "LOG_LEVEL": os.environ.get(host_environment.LOG_LEVEL, "warning"),
    }


def _report_lost_state(workspace: Workspace, listener: socket.socket, *, iam: bool) -> None:
    """Print on standard error why the saved state is not used: the pipeline has to be deployed again."""
    url = f"http{'s' if iam else ''}://127.0.0.1:{listener.getsockname()[1]}"
    if problem := state_version.reason_not_to_resume(workspace, url):
        print(f"the saved state of the embedded AWS is not used: {problem}", file=sys.stderr)


def _wait_until_healthy(workspace: Workspace, process: subprocess.Popen[bytes]) -> Server:
    """Wait until the emulator answers. Raises WrongUse with the end of its log where it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        server = workspace.server()
        if server and _is_healthy(server):
            return server
        time.sleep(0.02)
    tail = "\n".join(_log(workspace).read_text(errors="replace").splitlines()[-15:])
    if os.strerror(errno.ENOSPC) in tail or shutil.disk_usage(workspace.home).free < LOG_BYTES:
        raise WrongUse(
            f"the embedded AWS did not come up: no space is left on the disk of {workspace.home}: make room"
            " (`rehearse clean` removes old executions), then try again"
        )
    raise WrongUse(f"the embedded AWS did not come up; the end of {_log(workspace)}:\n{tail}")


def _is_healthy(server: Server) -> bool:
    """Return whether it answers a request.

    A connection is not enough: the kernel accepts connections before the server serves them, and for a while after its
    end.
    """
    scheme, _, where = server.endpoint.partition("://")
    if scheme == "https":
        authority = server.to_endpoint().authority
        context = ssl.create_default_context(cafile=authority)
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(where, timeout=1, context=context)
    else:
        connection = http.client.HTTPConnection(where, timeout=1)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


def _end(workspace: Workspace, server: Server) -> None:
    """Ask the emulator to end; kill it after END_SECONDS, which loses its state."""
    close_clients()
    if workspace.server():
        os.kill(server.pid, signal.SIGTERM)
    deadline = time.monotonic() + END_SECONDS
    while workspace.server() and time.monotonic() < deadline:
        time.sleep(0.05)
    _kill_process_group(server.pid)
    with contextlib.suppress(ChildProcessError):  # not a child of this process
        os.waitpid(server.pid, 0)


def _kill_process_group(group: int) -> None:
    """Kill the rest of an emulator's process group, such as warm functions, which end some time after it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _log(workspace: Workspace) -> Path:
    return workspace.logs / "emulator.log"
