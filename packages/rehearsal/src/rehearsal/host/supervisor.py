"""A separate program that supervises the processes of one build or command; processes.py starts it.

It reads commands as messages (`argv`, `cwd`, `env`) and runs them one at a time. Their output is passed through
unchanged. A line `NUL token returncode` follows the output of each command. Processes that a command leaves running
continue, as in a build container, until standard input ends: because the build is done, or because the rehearsal was
killed. Then the supervisor ends every descendant. It is a subreaper (the kernel reparents orphans to it), so processes
that started a session end too.

Commands do not see the folder `hidden`, except its subfolders `shown`, which are read-only. They cannot inspect
processes that see it.

The supervisor is two processes. If either one is killed, the other one ends all descendants: the first process inherits
the orphans of the second, and the kernel signals the second when the first has ended.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

from rehearsal.host import framing, namespaces, procfs

TYPE_CHECKING = False
if TYPE_CHECKING:  # as in framing.py
    from typing import NoReturn, TypedDict

    class Command(TypedDict):
        """A command to run."""

        argv: list[str]
        cwd: str
        env: dict[str, str]


GRACE_SECONDS = 3.0


def main(token: str, hidden: str = "", *shown: str) -> None:
    prctl = namespaces.libc.prctl
    os.chdir("/")  # the current folder may lie in the hidden one, and would stay reachable
    if hidden:
        namespaces.enter_mount_namespace()
        namespaces.hide(hidden, shown)
        namespaces.drop_capabilities(keep=namespaces.CONTAINERS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # A handler, not SIG_IGN: commands would inherit an ignored signal.
    signal.signal(signal.SIGINT, lambda *_: None)
    first, second = os.getpid(), os.fork()
    prctl(namespaces.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if second:
        _supervise(second)
    else:
        prctl(namespaces.PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() == first:
            _run_commands(token)
    os._exit(0)  # skip the interpreter's shutdown, which would take longer than all the rest; no buffer holds output


def _supervise(second: int) -> None:
    """Wait for the second process, then end its orphans, which the kernel has reparented to this process."""
    os.close(0)
    try:
        os.waitpid(second, 0)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        terminate_descendants()


def _run_commands(token: str) -> None:
    try:
        while (command := _next_command()) is not None:
            code = _run(command)
            if code is None:
                break
            os.write(1, f"\0{token} {code}\n".encode())
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        terminate_descendants()


def _run(command: Command) -> int | None:
    """Run a command; return its exit status, or None where standard input ended first."""
    pid = os.fork() or _become(command)
    handle = os.pidfd_open(pid)
    try:
        while True:
            _reap(pid)
            # The caller sends no message while a command runs, so readable input is the end of the input.
            ready = select.select([0, handle], [], [], 0.5)[0]
            if handle in ready:
                return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            if 0 in ready:
                return None
    finally:
        os.close(handle)


def _become(command: Command) -> NoReturn:
    """Execute the command in a new session; exit with 127 where that is impossible, as a shell does."""
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(1, 2)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these, and the command would inherit that
            signal.signal(number, signal.SIG_DFL)
        os.chdir(command["cwd"])
        os.execvpe(command["argv"][0], command["argv"], command["env"])
    except (OSError, ValueError) as error:
        os.write(1, f"{error}\n".encode(errors="replace"))
    finally:
        os._exit(127)


def _next_command() -> Command | None:
    """Wait for the next command and reap orphans. None at the end of standard input."""
    while not select.select([0], [], [], 0.5)[0]:
        _reap(None)
    command: Command | None = framing.read()
    return command


def _reap(keep: int | None) -> None:
    """Reap orphans that have ended, except `keep`, whose exit status `_run` reads."""
    for pid in procfs.children(os.getpid()):
        if pid != keep:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue


def terminate_descendants() -> None:
    """Send SIGTERM to all descendants, and SIGKILL after GRACE_SECONDS; return when none is left."""
    deadline = time.monotonic() + GRACE_SECONDS
    signalled: set[int] = set()
    while running := _running(os.getpid()):
        if time.monotonic() > deadline:
            _signal(running, signal.SIGKILL)
        # Stop all before any ends: a shell whose command has ended would run its next line before its own SIGTERM.
        for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGCONT):
            _signal(running - signalled, number)
        signalled |= running
        _reap(None)
        time.sleep(0.01)


def _running(root: int) -> set[int]:
    """Every descendant of `root` that has not ended."""
    descendants: set[int] = set()
    parents = [root]
    while parents:
        for pid in procfs.children(parents.pop()):
            if pid not in descendants:
                descendants.add(pid)
                parents.append(pid)
    return {pid for pid in descendants if not procfs.has_ended(pid)}


def _signal(pids: set[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            continue
