"""One interpreter of a function: what goes in, what comes out, its log, its time, its memory and its end.

Between two invocations it is frozen, as on AWS. It dies with this process, however that ends: the kernel sees to it.
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

# The kernel ends a child when the thread that started it ends: one thread that stays starts them all.
_STARTER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="functions")


class InterpreterExited(Exception):
    """The interpreter is gone before it answered; `status` as Lambda words it, such as `exit status 1`."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class InterpreterTimeout(Exception):
    """The time is up; the interpreter has been killed."""


@dataclass(frozen=True)
class RuntimeMessage:
    """kind: starting, ready, result, error or init-error; more: what else the line of the message says."""

    kind: str
    body: bytes
    more: Mapping[str, int]


class Interpreter:
    """memory: what it may hold in RAM, in MB."""

    def __init__(self, plan: SandboxPlan, memory: int) -> None:
        self.memory = memory
        self.peak = 0
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

    def send(self, event: bytes, **more: object) -> None:
        """Hand over one invocation."""
        self._tree.send_signal(signal.SIGCONT)
        with contextlib.suppress(BrokenPipeError):
            self._write(json.dumps({**more, "bytes": len(event)}).encode() + b"\n" + event)

    def answer(self, seconds: float) -> RuntimeMessage:
        """The next message. Raises InterpreterExited and InterpreterTimeout; then it is of no more use."""
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

    terminate = kill  # a stopped process would not handle a SIGTERM

    def close(self) -> None:
        """Kill it and give everything back."""
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
        """Until there is something to read, or it has ended, which is the answer."""
        poll = select.poll()
        for end in (*self._open, self._exit):
            poll.register(end, select.POLLIN)
        return self._exit in dict(poll.poll(seconds * 1000))

    def _read(self) -> None:
        """All that there is now. An end that is closed is waited for no more."""
        for end, kept in ((self._log_end, self._log), (self._answers_end, self._answers)):
            with contextlib.suppress(BlockingIOError):
                while end in self._open:
                    some = os.read(end, 1 << 20)
                    kept.extend(some)
                    if not some:
                        self._open.remove(end)

    def _next_message(self) -> RuntimeMessage | None:
        line, found, rest = bytes(self._answers).partition(b"\n")
        if not found:
            return None
        more = json.loads(line)
        if len(rest) < more["bytes"]:
            return None
        self._answers = bytearray(rest[more["bytes"] :])
        self._read()
        return RuntimeMessage(more.pop("kind"), rest[: more.pop("bytes")], more)

    def _check_memory(self) -> None:
        """Note its peak, in MB; more than it may have ends it, as the kernel does on AWS. Raises InterpreterExited."""
        self.peak = max(self.peak, self._tree.resident_memory())
        if self.peak > self.memory:
            self.peak = self.memory
            self.kill()
            raise InterpreterExited(_status(-signal.SIGKILL))


def _status(code: int) -> str:
    return f"exit status {code}" if code >= 0 else f"signal: {signal.strsignal(-code) or -code}".lower()
