"""Keeps the processes of one build or command together; a program of its own, started by processes.py.

Reads commands as JSON lines (`argv`, `cwd`, `env`) and runs them one at a time. What they print goes straight through;
when one has ended, a line `NUL token returncode` follows what it printed. Processes that a command leaves behind live
on, as in a build container, until standard input ends: because the rehearsal is done, or because it was killed. Then
every descendant is ended. The kernel hands orphans to this process, so that no session of its own saves one.

Commands do not see the folder that it is told to hide, and cannot look into processes that know what is in it.

It is two processes, either of which ends everything when the other one is killed: what a killed one leaves is handed to
the first, and the second is told by the kernel when the first has ended.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from rehearsal import isolation

GRACE_SECONDS = 3.0


def main(token: str, hidden: str = "") -> None:
    prctl = isolation.libc.prctl
    if hidden:
        isolation.separate()
        isolation.hide(hidden)
        isolation.give_up(keep=isolation.CONTAINERS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # a handler, because commands would inherit that a signal is ignored
    signal.signal(signal.SIGINT, lambda *_: None)
    first, second = os.getpid(), os.fork()
    prctl(isolation.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if second:
        _watch(second)
        return
    prctl(isolation.PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() == first:
        _keep(token)


def _watch(second: int) -> None:
    """Until the second process has ended, whatever ended it; then what it left is here."""
    os.close(0)
    try:
        os.waitpid(second, 0)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        end_descendants()


def _keep(token: str) -> None:
    try:
        while line := _next_line():
            code = _run(json.loads(line))
            if code is None:
                break
            os.write(1, f"\0{token} {code}\n".encode())
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        end_descendants()


def _run(command: dict[str, object]) -> int | None:
    """The command's exit status, or None where standard input ended first."""
    try:
        process = subprocess.Popen(  # type: ignore[call-overload]
            command["argv"],
            cwd=command["cwd"],
            env=command["env"],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        os.write(1, f"{error}\n".encode())
        return 127
    handle = os.pidfd_open(process.pid)
    try:
        while (code := process.poll()) is None:
            _reap(process.pid)
            # nothing is sent while a command runs: whatever can be read then is the end
            if 0 in select.select([0, handle], [], [], 0.5)[0]:
                return None
    finally:
        os.close(handle)
    return int(code)


def _next_line() -> str:
    """The next command; reaps orphans while it waits. Empty at the end of standard input."""
    while not select.select([0], [], [], 0.5)[0]:
        _reap(None)
    return _read_line()


def _read_line() -> str:
    """Unbuffered, so that select() knows whether more has come."""
    read = bytearray()
    while not read.endswith(b"\n"):
        some = os.read(0, 1)
        if not some:
            return ""
        read += some
    return read.decode()


def _reap(keep: int | None) -> None:
    """Forget orphans that have ended, but leave `keep` to its Popen."""
    for pid in _children(os.getpid()):
        if pid != keep:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue


def end_descendants() -> None:
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
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(each) for each in task.read_text().split()]
        except OSError:
            continue
    return found


def _ended(pid: int) -> bool:
    """Whether it is a zombie, or gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def _signal(pids: set[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            continue
