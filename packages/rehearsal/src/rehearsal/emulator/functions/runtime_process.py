"""The interpreter process of a function: its messages, log, time limit, memory limit and end.

Between two invocations it is frozen, as on AWS. The kernel kills it when this process ends in any way.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearsal.emulator.functions import sandbox
from rehearsal.emulator.functions.process_tree import ProcessTree
from rehearsal.host import framing, helper_process

if TYPE_CHECKING:
    from rehearsal.emulator.functions.sandbox import SandboxPlan

POLL_SECONDS = 0.05
MB = 1024 * 1024

# The kernel kills a child (PR_SET_PDEATHSIG) when the thread that started it ends, so one lasting thread starts all.
_STARTER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="functions")


class InterpreterExited(Exception):
    """The interpreter ended before it answered. status: in Lambda's form, such as `exit status 1`."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class InterpreterTimeout(Exception):
    """The time limit has passed, and the interpreter was killed."""


@dataclass(frozen=True)
class RuntimeMessage:
    """A message of the interpreter. kind: starting, ready, result, error or init-error. members: of its header."""

    kind: str
    body: bytes
    members: Mapping[str, int]


class Interpreter:
    """A running interpreter. memory: its limit in MB. peak: the most that it has used, in MB."""

    def __init__(self, plan: SandboxPlan, memory: int) -> None:
        self.memory = memory
        self.peak = self._files = 0
        self._log, self._answers = bytearray(), bytearray()
        log, log_end = os.pipe()
        answers, answers_end = os.pipe()
        command = [*plan["command"], str(answers_end), *plan["arguments"]]
        try:
            self._process = _STARTER.submit(
                subprocess.Popen,
                helper_process.helper_command(sandbox.__name__),
                stdin=subprocess.PIPE,
                stdout=log_end,
                stderr=log_end,
                env={},
                pass_fds=(answers_end,),
            ).result()
        finally:
            os.close(log_end)
            os.close(answers_end)
        self._tree = ProcessTree(self._process.pid, contained=plan["mounts"])
        self._log_end, self._answers_end, self._exit = log, answers, os.pidfd_open(self._process.pid)
        self._open = {log, answers}
        for end in self._open:
            os.set_blocking(end, False)
        with contextlib.suppress(BrokenPipeError):
            self._write(framing.encode_message({**plan, "command": command, "answers": answers_end}))

    def send(self, event: bytes, **members: object) -> None:
        """Send one invocation, after unfreezing the processes. members: of the message's header."""
        self._tree.send_signal(signal.SIGCONT)
        with contextlib.suppress(BrokenPipeError):
            self._write(json.dumps({**members, "bytes": len(event)}).encode() + b"\n" + event)

    def answer(self, seconds: float) -> RuntimeMessage:
        """Return the next message. Raises InterpreterExited and InterpreterTimeout; then the interpreter has ended."""
        deadline = time.monotonic() + seconds
        while True:
            ended = self._wait(max(0.0, min(POLL_SECONDS, deadline - time.monotonic())))
            self._read()
            self._check_memory()
            if answer := self._next_message():
                return answer
            if ended:
                raise InterpreterExited(_status(self._process.wait()))
            if time.monotonic() >= deadline:
                self.kill()
                raise InterpreterTimeout

    def freeze(self) -> None:
        self._tree.send_signal(signal.SIGSTOP)

    def log(self) -> str:
        """Return its output since the last call."""
        self._read()
        text, self._log = self._log.decode(errors="replace"), bytearray()
        return text

    def running(self) -> bool:
        return self.poll() is None

    def poll(self) -> int | None:
        return self._process.poll()

    def wait(self, timeout: float | None = None) -> int:
        return self._process.wait(timeout)

    def kill(self) -> None:
        if self.running():
            self._tree.end()
        self._process.wait()

    terminate = kill  # a frozen process would not handle SIGTERM

    def close(self) -> None:
        """Kill it, and close all file descriptors."""
        self.kill()
        for end in (self._log_end, self._answers_end, self._exit):
            os.close(end)
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

    def _write(self, message: bytes) -> None:
        if self._process.stdin:
            self._process.stdin.write(message)
            self._process.stdin.flush()

    def _wait(self, seconds: float) -> bool:
        """Wait for output or the end; return whether it has ended."""
        poll = select.poll()
        for end in (*self._open, self._exit):
            poll.register(end, select.POLLIN)
        return self._exit in dict(poll.poll(seconds * 1000))

    def _read(self) -> None:
        """Read everything that is available, and forget closed pipes."""
        for end, buffer in ((self._log_end, self._log), (self._answers_end, self._answers)):
            with contextlib.suppress(BlockingIOError):
                while end in self._open:
                    chunk = os.read(end, 1 << 20)
                    buffer.extend(chunk)
                    if not chunk:
                        self._open.remove(end)

    def _next_message(self) -> RuntimeMessage | None:
        line, newline, rest = bytes(self._answers).partition(b"\n")
        if not newline:
            return None
        header = json.loads(line)
        kind, size = header.pop("kind"), header.pop("bytes")
        if len(rest) < size:
            return None
        self._answers = bytearray(rest[size:])
        self._read()
        return RuntimeMessage(kind, rest[:size], header)

    def _check_memory(self) -> None:
        """Update the peak; kill the processes where they exceed the limit, as on AWS. Raises InterpreterExited.

        Pages of files do not count to the limit, as for a control group of Linux, and the peak is at most the limit.
        Source: Linux kernel, "Control Group v2", memory.max.
        """
        used, files = self._tree.memory()
        self.peak, self._files = min(self.memory, max(self.peak, used)), max(self._files, files)
        if used - self._files > self.memory:
            self.kill()
            raise InterpreterExited(_status(-signal.SIGKILL))


def _status(code: int) -> str:
    return f"exit status {code}" if code >= 0 else f"signal: {signal.strsignal(-code) or -code}".lower()
