"""One execution environment of a function, which replaces MiniStack's worker.

Source: AWS Lambda developer guide, "Understanding the Lambda execution environment lifecycle".
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from rehearsal.emulator.functions.filesystem import FunctionFilesystem
from rehearsal.emulator.functions.runtime_process import (
    Interpreter,
    InterpreterExited,
    InterpreterTimeout,
    RuntimeMessage,
)
from rehearsal.emulator.ministack.port.function_records import FunctionConfig
from rehearsal.emulator.ministack.port.workers import PooledWorker

INIT_SECONDS = 10.0
START_SECONDS = 60.0  # the limit for the interpreter's start, on a busy machine


@dataclass(frozen=True)
class Invocation:
    """One invocation.

    changing: environment variables for this invocation only; None removes one. depth: of functions that call each
    other.
    """

    event: object
    request_id: str
    arn: str
    trace_id: str | None
    changing: Mapping[str, str | None]
    depth: str

    def headers(self, seconds: float) -> dict[str, str | int]:
        """Return the headers of the Runtime API. seconds: until the deadline."""
        headers: dict[str, str | int] = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": int((time.time() + seconds) * 1000),
            "Lambda-Runtime-Invoked-Function-Arn": self.arn,
        }
        return {**headers, "Lambda-Runtime-Trace-Id": self.trace_id} if self.trace_id else headers


class FunctionError(TypedDict):
    """The error of a function, as its invoker gets it."""

    errorType: str
    errorMessage: str


@dataclass(frozen=True)
class Initialization:
    """An initialization. compiled, modules: the numbers of compiled and of imported modules."""

    milliseconds: float
    compiled: int = 0
    modules: int = 0
    error: FunctionError | None = None
    log: str = ""


@dataclass(frozen=True)
class InvocationResult:
    """The result of an invocation. body: the function's response or its error. memory: the peak in MB.

    status: success, error, failure or timeout, as in platform logs. init: None in a warm environment.
    """

    body: object
    status: str
    milliseconds: float
    memory: int
    log: str
    init: Initialization | None
    stream: str


class FunctionEnvironment(PooledWorker):
    """An execution environment. MiniStack's pool creates it, keeps it warm, reuses it and ends it."""

    def __init__(self, layout: FunctionFilesystem, name: str, config: FunctionConfig, code: bytes) -> None:
        super().__init__(name, config, code)
        self._layout = layout
        self._interpreter: Interpreter | None = None
        day = datetime.now(UTC).strftime("%Y/%m/%d")
        self.stream = f"{day}/[{config.get('Version', '$LATEST')}]{secrets.token_hex(16)}"
        self._initialized: Initialization | None = None

    def call(self, invocation: Invocation) -> InvocationResult:
        """Run one invocation, after an initialization unless the environment is warm. Raises NoInterpreter."""
        with self.lock:
            interpreter = self._interpreter
            if interpreter is None or not interpreter.running():
                interpreter = self._start()
            init, self._initialized = self._initialized, None
            if init and init.error:
                self._stop()
                return InvocationResult(init.error, "error", 0, interpreter.peak, "", init, self.stream)
            return self._invoke(interpreter, invocation, init)

    def _invoke(
        self, interpreter: Interpreter, invocation: Invocation, init: Initialization | None
    ) -> InvocationResult:
        seconds = float(self.config.get("Timeout", 3))
        began = time.monotonic()
        interpreter.send(
            json.dumps(invocation.event).encode(),
            headers=invocation.headers(seconds),
            variables=invocation.changing,
            depth=invocation.depth,
        )
        note = ""
        try:
            answer = interpreter.answer(seconds)
            status = "success" if answer.kind == "result" else "error"
            body = _parsed(answer)
        except InterpreterTimeout:
            note = f"Task timed out after {seconds:.2f} seconds"
            status, body = "timeout", _platform_error("Sandbox.Timedout", invocation, note)
        except InterpreterExited as ended:
            note = f"Runtime exited with error: {ended.status}"
            status, body = "failure", _platform_error("Runtime.ExitError", invocation, note)
        took, log = (time.monotonic() - began) * 1000, interpreter.log()
        if note:
            log += f"{_now()} {invocation.request_id} {note}\n"
            self._stop()
        else:
            interpreter.freeze()
        return InvocationResult(body, status, took, interpreter.peak, log, init, self.stream)

    def _start(self, *, again: bool = False) -> Interpreter:
        """Initialize; after a timeout, try once more with the function's own time limit, as AWS does."""
        self._stop()
        interpreter = self._layout.start(self.config, self.code_zip, self.stream)
        self._interpreter = self.process = interpreter
        limit = float(self.config.get("Timeout", 3))
        more: Mapping[str, int] = {"compiled": 0, "modules": 0}
        error: FunctionError | None = None
        began = time.monotonic()
        try:
            interpreter.answer(START_SECONDS)
            began = time.monotonic()
            answer = interpreter.answer(limit if again else INIT_SECONDS)
            if answer.kind == "ready":
                more = answer.more
            else:
                error = json.loads(answer.body)
        except InterpreterTimeout:
            if not again:
                return self._start(again=True)
            error = {"errorType": "Sandbox.Timedout", "errorMessage": f"Task timed out after {limit:.2f} seconds"}
        except InterpreterExited as ended:
            error = {"errorType": "Runtime.ExitError", "errorMessage": f"Runtime exited with error: {ended.status}"}
        took = (time.monotonic() - began) * 1000
        self._initialized = Initialization(took, more["compiled"], more["modules"], error, interpreter.log())
        return interpreter

    def initialize(self) -> None:
        """Initialize when a version is published, for SnapStart. Raises RuntimeError."""
        self._start()
        if self._initialized and self._initialized.error:
            error = self._initialized.error
            self._stop()
            raise RuntimeError(f"{error['errorType']}: {error['errorMessage']}")

    def _stop(self) -> None:
        interpreter = self._interpreter
        self._interpreter = self.process = None
        if interpreter:
            interpreter.close()

    def discard(self) -> None:
        """Close the interpreter after the pool has ended it; a running invocation notices that by itself."""
        if self.lock.acquire(blocking=False):
            try:
                self._stop()
            finally:
                self.lock.release()


def _parsed(answer: RuntimeMessage) -> object:
    try:
        return json.loads(answer.body)
    except ValueError:  # a handler may return bytes that are not JSON
        return answer.body.decode(errors="replace")


def _platform_error(kind: str, invocation: Invocation, message: str) -> FunctionError:
    return {"errorType": kind, "errorMessage": f"RequestId: {invocation.request_id} Error: {message}"}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
