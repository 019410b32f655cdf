"""The one gate for subprocesses: streaming, time limit, stopping, every descendant, a failure's text."""

from __future__ import annotations

import collections
import contextlib
import os
import secrets
import select
import shlex
import signal
import subprocess
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

from rehearsal.errors import RehearsalError
from rehearsal.host import foreground, framing, helper_process, supervisor
from rehearsal.host.cancellation import Cancellation

LAST_LINES = 20
# A longer line comes as several: what prints without an end would take all memory.
LINE_BYTES = 1 << 20
# A shell's status for a command that SIGINT has ended.
INTERRUPTED = 128 + signal.SIGINT
_END_SECONDS = supervisor.GRACE_SECONDS + 5.0

_REMOVAL_SECONDS = 10.0
_removals: weakref.WeakSet[threading.Thread] = weakref.WeakSet()

# The folder that no command of this process sees, then what it sees of it; empty where all may be seen.
_hidden: list[str] = []

Ending = Literal["exited", "timed out", "stopped"]


@dataclass(frozen=True)
class CommandResult:
    """How a command ended; `tail` is the end of what it printed. returncode: negative is a signal's number."""

    returncode: int
    seconds: float
    ending: Ending
    tail: tuple[str, ...]


class CommandFailed(RehearsalError):
    """A command ended with another status than 0: the command, its directory, its status, its last lines, its log."""


def hide(folder: Path, *shown: Path) -> None:
    """Hide a folder, except `shown`, from every command that this process runs from now on."""
    _hidden[:] = [str(folder), *map(str, shown)]


class Processes:
    """Runs commands one after the other, and ends all that they started when the block is left.

    Background processes of a command live until then, and no longer: neither a separate session nor a
    rehearsal killed with SIGKILL saves it. on_line: gets each line that is printed, without its end.
    """

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._token = secrets.token_hex(16)
        self._codes: collections.deque[int] = collections.deque()
        self._changed = threading.Condition()
        self._closed = False
        self._failure: Exception | None = None
        self._tail: collections.deque[str] = collections.deque(maxlen=LAST_LINES)

    def __enter__(self) -> Self:
        self._keeper = subprocess.Popen(
            [*helper_process.helper_command(supervisor.__name__), self._token, *_hidden],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": os.defpath},
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._stdin.close()
        if not _ends(self._keeper, _END_SECONDS):
            self._keeper.kill()
        self._keeper.wait()
        # where the first keeper was killed, the second one is still at work, and has the pipe open
        self._reader.join(1.0 if self._keeper.returncode >= 0 else _END_SECONDS)

    @property
    def _stdin(self) -> IO[bytes]:
        return _opened(self._keeper.stdin)

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        deadline: float | None = None,
        stop: Cancellation | None = None,
    ) -> CommandResult:
        """Run `command` until it ends, `deadline` passes or `stop` is set; after these two, leave the block.

        deadline: as time.monotonic() counts.
        """
        began = time.monotonic()
        self._tail.clear()
        request = {"argv": list(command), "cwd": str(cwd), "env": dict(env)}
        with contextlib.suppress(BrokenPipeError):  # the keeper was killed; _wait says so
            self._stdin.write(framing.encode_message(request))
            self._stdin.flush()
        code, ending = self._wait(deadline, stop)
        return CommandResult(code, time.monotonic() - began, ending, tuple(self._tail))

    def _wait(self, deadline: float | None, stop: Cancellation | None) -> tuple[int, Ending]:
        with stop.calls(self._wake) if stop else contextlib.nullcontext(), self._changed:
            while not self._codes:
                if stop and stop.is_set():
                    return -1, "stopped"
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return -1, "timed out"
                if self._failure:
                    raise self._failure
                if self._closed:
                    raise RehearsalError("the process that keeps a build's processes together was killed from outside")
                self._changed.wait(left)
            return self._codes.popleft(), "exited"

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _read(self) -> None:
        try:
            with _opened(self._keeper.stdout) as output:
                self._pass_on(output)
        except Exception as error:  # noqa: BLE001 - of the listener; `run` raises it
            self._failure = error
        finally:
            self._tell(None)

    def _pass_on(self, output: IO[bytes]) -> None:
        mark = b"\0" + self._token.encode() + b" "
        while raw := output.readline(LINE_BYTES):
            while _cut(raw, mark) and len(raw) < 2 * LINE_BYTES:
                raw += output.readline(2 * len(mark))
            printed, found, code = raw.partition(mark)
            if printed.rstrip(b"\r\n") or not found:
                self._print(printed)
            if found:
                self._tell(int(code))

    def _print(self, raw: bytes) -> None:
        line = raw.decode(errors="replace").rstrip("\r\n")
        self._tail.append(line)
        self._on_line(line)

    def _tell(self, code: int | None) -> None:
        """A command has ended with `code`; None: no more will."""
        with self._changed:
            if code is None:
                self._closed = True
            else:
                self._codes.append(code)
            self._changed.notify_all()


def remove_in_background(*paths: Path) -> None:
    """Remove folders and files while the caller goes on, in a separate process: here each of tens of thousands of
    files would hold up every other thread. `await_removals` waits for it; a killed process leaves it to its end.
    """
    words = ["rm", "-rf", "--", *map(str, paths)]

    def remove() -> None:
        subprocess.run(words, check=False, stderr=subprocess.DEVNULL, start_new_session=True)

    if paths:
        thread = threading.Thread(target=remove, daemon=True)
        _removals.add(thread)
        thread.start()


def await_removals() -> None:
    """Until all that `remove_in_background` was given is gone, or for some seconds."""
    deadline = time.monotonic() + _REMOVAL_SECONDS
    for thread in [*_removals]:
        thread.join(max(0.0, deadline - time.monotonic()))


def run_in_foreground(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> int:
    """Run `command` with the terminal of this process, and end all that it left; return its status, as a shell does.

    An interrupt is the command's affair.
    """
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        words = [*helper_process.helper_command(foreground.__name__), *command]
        return subprocess.run(words, cwd=cwd, env=dict(env), check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)


def _ends(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait until it has ended, so long at most; `Popen.wait` with a limit looks from time to time only."""
    handle = os.pidfd_open(process.pid)
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(handle)


def _cut(raw: bytes, mark: bytes) -> bool:
    """Whether a piece of a line ends within the mark."""
    start = raw.rfind(mark[:1])
    tail = raw[start:]
    return start >= 0 and not raw.endswith(b"\n") and (mark.startswith(tail) or tail.startswith(mark))


def _opened(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise TypeError("the process was started without this pipe")
    return pipe


def check(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    stop: Cancellation | None = None,
) -> None:
    """Run `command` with a fresh log. Raises CommandFailed unless it ends with 0."""
    with log.open("w", buffering=1) as file, Processes(lambda line: print(line, file=file)) as processes:
        done = processes.run(command, cwd=cwd, env=env, stop=stop)
    if done.returncode != 0:
        last = "\n".join(f"  {line}" for line in done.tail)
        how = "was stopped" if done.ending == "stopped" else f"ended with {done.returncode}"
        raise CommandFailed(f"`{shlex.join(command)}` in {cwd} {how}; its last lines:\n{last}\nthe whole log: {log}")
