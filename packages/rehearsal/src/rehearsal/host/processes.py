"""Commands that run one after the other: streamed output, time limits, cancellation, the end of all descendants."""

from __future__ import annotations

import collections
import contextlib
import os
import secrets
import select
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

from rehearsal.host import supervisor
from rehearsal.host.cancellation import Cancellation
from rehearsal.host.command_runner import CommandRunner, Supervisor

LAST_LINES = 20
# A longer line is split: a command that prints without line ends would otherwise fill the memory.
LINE_BYTES = 1 << 20
_END_SECONDS = supervisor.GRACE_SECONDS + 5.0

Ending = Literal["exited", "timed out", "stopped"]


@dataclass(frozen=True)
class CommandResult:
    """How a command ended.

    returncode: negative for a signal, as in `subprocess`; -1 where the command still runs. tail: the last LAST_LINES
    lines that it printed.
    """

    returncode: int
    seconds: float
    ending: Ending
    tail: tuple[str, ...]


class Processes:
    """Runs commands one after the other; leaving the block ends every process that they started.

    Background processes of a command live until then. They end also if they started a session, and if the
    rehearsal is killed with SIGKILL. on_line: called with each printed line, without its line end. runner: where
    the commands run.
    """

    def __init__(self, on_line: Callable[[str], None], runner: CommandRunner | None = None) -> None:
        self._on_line, self._runner = on_line, runner or Supervisor()
        self._token = secrets.token_hex(16)
        self._codes: collections.deque[int] = collections.deque()
        self._changed = threading.Condition()
        self._closed = self._abandoned = False
        self._failure: Exception | None = None
        self._tail: collections.deque[str] = collections.deque(maxlen=LAST_LINES)

    def __enter__(self) -> Self:
        self._program = subprocess.Popen(
            self._runner.program(self._token),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(self._runner.environment),
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
        if not _ends(self._program, _END_SECONDS):
            self._program.kill()
        if self._program.wait():
            self._runner.clean_up()
        # If the first process of the supervisor was killed, its second one is still working, with the pipe open.
        self._reader.join(1.0 if self._program.returncode >= 0 else _END_SECONDS)

    @property
    def _stdin(self) -> IO[bytes]:
        return _opened(self._program.stdin)

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        deadline: float | None = None,
        stop: Cancellation | None = None,
    ) -> CommandResult:
        """Run `command` until it ends, `deadline` passes or `stop` is set.

        In the last two cases the command still runs: leave the block to end it. deadline: a value of time.monotonic().
        Raises RehearsalError where the program that runs it has ended, and RuntimeError where the command before still
        runs, because its status would be taken for this one's.
        """
        if self._abandoned:
            raise RuntimeError("the command before this one still runs: leave the block")
        began = time.monotonic()
        self._tail.clear()
        with contextlib.suppress(BrokenPipeError):  # the program was killed; _wait raises the error
            self._stdin.write(self._runner.message(command, str(cwd), env))
            self._stdin.flush()
        code, ending = self._wait(deadline, stop)
        self._abandoned = ending != "exited"
        return CommandResult(code, time.monotonic() - began, ending, tuple(self._tail))

    def _wait(self, deadline: float | None, stop: Cancellation | None) -> tuple[int, Ending]:
        with stop.calls(self._wake) if stop else contextlib.nullcontext(), self._changed:
            while not self._codes:
                if stop and stop.is_set():
                    return -1, "stopped"
                remaining = None if deadline is None else deadline - time.monotonic()
                if remaining is not None and remaining <= 0:
                    return -1, "timed out"
                if self._failure:
                    raise self._failure
                if self._closed:
                    raise self._runner.early_end(tuple(self._tail))
                self._changed.wait(remaining)
            return self._codes.popleft(), "exited"

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _read(self) -> None:
        try:
            with _opened(self._program.stdout) as output:
                self._pass_on(output)
        except Exception as error:  # noqa: BLE001 - raised by on_line; `run` raises it again
            self._failure = error
        finally:
            self._report_end(None)

    def _pass_on(self, output: IO[bytes]) -> None:
        mark, held = b"\0" + self._token.encode() + b" ", b""
        while piece := output.readline(LINE_BYTES):
            raw, held = _split_cut_mark(held + piece, mark)
            printed, has_mark, code = raw.partition(mark)
            if printed.rstrip(b"\r\n") or (raw and not has_mark):
                self._print(printed)
            if has_mark:
                self._report_end(int(code))
        if held:
            self._print(held)

    def _print(self, raw: bytes) -> None:
        line = raw.decode(errors="replace").rstrip("\r\n")
        self._tail.append(line)
        self._on_line(line)

    def _report_end(self, code: int | None) -> None:
        """Report the exit status of a command to `_wait`; None: the program has ended."""
        with self._changed:
            if code is None:
                self._closed = True
            else:
                self._codes.append(code)
            self._changed.notify_all()


def _ends(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Return whether the process ends within `seconds`; without the polling of `Popen.wait(timeout)`."""
    handle = os.pidfd_open(process.pid)
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(handle)


def _split_cut_mark(raw: bytes, mark: bytes) -> tuple[bytes, bytes]:
    """Return a piece of output without the beginning of a mark at its end, and that beginning; mostly there is none."""
    start = raw.rfind(mark[:1])
    tail = raw[start:]
    if start < 0 or raw.endswith(b"\n") or not (mark.startswith(tail) or tail.startswith(mark)):
        return raw, b""
    return raw[:start], tail


def _opened(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise TypeError("the process was started without this pipe")
    return pipe
