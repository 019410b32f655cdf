"""The one gate for subprocesses: streaming, time limit, stopping, the whole process group, a failure's text."""

from __future__ import annotations

import collections
import contextlib
import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rehearsal.errors import RehearsalError

GRACE_SECONDS = 3.0
LAST_LINES = 20

Ending = Literal["exited", "timed out", "stopped"]


@dataclass(frozen=True)
class Finished:
    """How a command ended; `tail` is the end of what it printed."""

    returncode: int
    seconds: float
    ending: Ending
    tail: tuple[str, ...]


class CommandFailed(RehearsalError):
    """A command ended with another status than 0: the command, its directory, its status, its last lines, its log."""


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    on_line: Callable[[str], None] | None = None,
    timeout: float | None = None,
    stop: threading.Event | None = None,
) -> Finished:
    """Run `command` in a session of its own, and end every process of it whatever happens.

    What it prints goes line by line to `log` (appended) and to `on_line`. timeout: seconds.
    """
    began = time.monotonic()
    tail: collections.deque[str] = collections.deque(maxlen=LAST_LINES)
    process = subprocess.Popen(
        list(command),
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    reader = threading.Thread(target=_copy, args=(process, log, tail, on_line), daemon=True)
    reader.start()
    try:
        ending = _wait(process, began, timeout, stop)
    finally:
        end_group(process)
        reader.join(GRACE_SECONDS)
    return Finished(process.returncode, time.monotonic() - began, ending, tuple(tail))


def check(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    stop: threading.Event | None = None,
) -> None:
    """Run `command` with a fresh log. Raises CommandFailed unless it ends with 0."""
    log.unlink(missing_ok=True)
    done = run(command, cwd=cwd, env=env, log=log, stop=stop)
    if done.returncode != 0:
        last = "\n".join(f"  {line}" for line in done.tail)
        how = "was stopped" if done.ending == "stopped" else f"ended with {done.returncode}"
        raise CommandFailed(f"`{shlex.join(command)}` in {cwd} {how}; its last lines:\n{last}\nthe whole log: {log}")


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End the process and all of its session: asked first, then killed."""
    if not _signal(process.pid, signal.SIGTERM):
        process.wait()
        return
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline:
        process.poll()
        if not _signal(process.pid, 0):
            break
        time.sleep(0.02)
    else:
        _signal(process.pid, signal.SIGKILL)
    process.wait()


def _signal(group: int, number: int) -> bool:
    """Whether the group still exists."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
        return True
    return False


def _wait(
    process: subprocess.Popen[bytes], began: float, timeout: float | None, stop: threading.Event | None
) -> Ending:
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            return "exited"
        if stop and stop.is_set():
            return "stopped"
        if timeout is not None and time.monotonic() - began > timeout:
            return "timed out"


def _copy(
    process: subprocess.Popen[bytes], log: Path, tail: collections.deque[str], on_line: Callable[[str], None] | None
) -> None:
    with log.open("ab") as file:
        for raw in process.stdout or ():
            file.write(raw)
            file.flush()
            line = raw.decode(errors="replace").rstrip("\n")
            tail.append(line)
            if on_line:
                on_line(line)
