"""Supervises the processes of one build or command; a separate program that processes.py starts.

Reads commands as messages (`argv`, `cwd`, `env`) and runs them one at a time. Their output goes straight through;
when one has ended, a line `NUL token returncode` follows what it printed. Processes that a command leaves behind live
on, as in a build container, until standard input ends: because the rehearsal is done, or because it was killed. Then
every descendant is ended. The kernel reparents orphans to this process, so that a separate session does not save one.

Commands do not see the folder `hidden`, except the folders in it that follow, which are read-only. They cannot look
into processes that know its contents.

It is two processes, either of which ends everything when the other one is killed: what a killed one leaves is handed to
the first, and the kernel signals the second when the first has ended.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

from rehearsal.host import framing, namespaces

TYPE_CHECKING = False
if TYPE_CHECKING:  # as in messages.py
    from typing import Any, NoReturn

GRACE_SECONDS = 3.0


def main(token: str, hidden: str = "", *shown: str) -> None:
    prctl = namespaces.libc.prctl
    os.chdir("/")  # the folder that it was started in would lead into what is hidden
    if hidden:
        namespaces.enter_mount_namespace()
        namespaces.hide(hidden, shown)
        namespaces.drop_capabilities(keep=namespaces.CONTAINERS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # a handler, because commands would inherit that a signal is ignored
    signal.signal(signal.SIGINT, lambda *_: None)
    first, second = os.getpid(), os.fork()
    prctl(namespaces.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if second:
        _supervise(second)
    else:
        prctl(namespaces.PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() == first:
            _run_commands(token)
    os._exit(0)  # nothing is left to write, and an interpreter's own end would take longest


def _supervise(second: int) -> None:
    """Until the second process has ended, whatever ended it; then what it left is here."""
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


def _run(command: dict[str, Any]) -> int | None:
    """The command's exit status, or None where standard input ended first."""
    pid = os.fork() or _become(command)
    handle = os.pidfd_open(pid)
    try:
        while True:
            _reap(pid)
            # nothing is sent while a command runs: whatever can be read then is the end
            ready = select.select([0, handle], [], [], 0.5)[0]
            if handle in ready:
                return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            if 0 in ready:
                return None
    finally:
        os.close(handle)


def _become(command: dict[str, Any]) -> NoReturn:
    """Execute the command in a new session; exit with 127 where that is impossible, as a shell does."""
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(1, 2)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which this interpreter ignores
            signal.signal(number, signal.SIG_DFL)
        os.chdir(command["cwd"])
        os.execvpe(command["argv"][0], command["argv"], command["env"])
    except (OSError, ValueError) as error:
        os.write(1, f"{error}\n".encode(errors="replace"))
    finally:
        os._exit(127)


def _next_command() -> dict[str, Any] | None:
    """Reaps orphans while it waits. None at the end of standard input."""
    while not select.select([0], [], [], 0.5)[0]:
        _reap(None)
    command: dict[str, Any] | None = framing.read()
    return command


def _reap(keep: int | None) -> None:
    """Forget orphans that have ended, but leave `keep` to its Popen."""
    for pid in _children(os.getpid()):
        if pid != keep:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue


def terminate_descendants() -> None:
    """Ask all to end; after the grace, kill all, until none is left."""
    deadline = time.monotonic() + GRACE_SECONDS
    asked: set[int] = set()
    while running := _running(os.getpid()):
        if time.monotonic() > deadline:
            _signal(running, signal.SIGKILL)
        # Held until all are asked: else a shell would go on to its next line when its command ends before it.
        for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGCONT):
            _signal(running - asked, number)
        asked |= running
        _reap(None)
        time.sleep(0.01)


def _running(root: int) -> set[int]:
    """Every descendant of `root` that has not ended."""
    found: set[int] = set()
    waiting = [root]
    while waiting:
        for pid in _children(waiting.pop()):
            if pid not in found:
                found.add(pid)
                waiting.append(pid)
    return {pid for pid in found if not _ended(pid)}


def _children(pid: int) -> list[int]:
    return [int(each) for task in _listed(f"/proc/{pid}/task") for each in _text(f"{task}/children").split()]


def _ended(pid: int) -> bool:
    """Whether it is a zombie, or gone."""
    return _text(f"/proc/{pid}/stat").rpartition(")")[2].split()[:1] in ([], ["Z"], ["X"])


def _listed(folder: str) -> list[str]:
    """The paths in it; none of a process that is gone."""
    try:
        return [f"{folder}/{name}" for name in os.listdir(folder)]
    except OSError:
        return []


def _text(path: str) -> str:
    """Nothing of a process that is gone."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _signal(pids: set[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            continue
