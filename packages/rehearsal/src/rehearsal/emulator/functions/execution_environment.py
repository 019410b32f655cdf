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
_TIMED_OUT = "Sandbox.Timedout"


@dataclass(frozen=True)
class Invocation:
    """One invocation.

    variables: environment variables for this invocation only; None removes one. depth: of functions that call each
    other.
    """

    event: object
    request_id: str
    arn: str
    trace_id: str | None
    variables: Mapping[str, str | None]
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

    def __init__(self, filesystem: FunctionFilesystem, name: str, config: FunctionConfig, code: bytes) -> None:
        super().__init__(name, config, code)
        self._filesystem = filesystem
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
        began = time.monotonic()
        interpreter.send(
            json.dumps(invocation.event).encode(),
            headers=invocation.headers(self._timeout),
            variables=invocation.variables,
            depth=invocation.depth,
        )
        status, body, problem = _await_response(interpreter, invocation, self._timeout)
        took, log = (time.monotonic() - began) * 1000, interpreter.log()
        if problem:
            log += f"{_now()} {invocation.request_id} {problem}\n"
            self._stop()
        else:
            interpreter.freeze()
        return InvocationResult(body, status, took, interpreter.peak, log, init, self.stream)

    @property
    def _timeout(self) -> float:
        return float(self.config.get("Timeout", 3))

    def _start(self) -> Interpreter:
        """Start an interpreter; after a timeout, start again with the function's own time limit, as AWS does."""
        interpreter, init = self._start_within(INIT_SECONDS)
        if init.error and init.error["errorType"] == _TIMED_OUT:
            interpreter, init = self._start_within(self._timeout)
        self._initialized = init
        return interpreter

    def _start_within(self, seconds: float) -> tuple[Interpreter, Initialization]:
        """Start an interpreter and run the function's initialization, at most `seconds`."""
        self._stop()
        interpreter = self._filesystem.start(self.config, self.code_zip, self.stream)
        self._interpreter = self.process = interpreter
        counts: Mapping[str, int] = {"compiled": 0, "modules": 0}
        error: FunctionError | None = None
        began = time.monotonic()
        try:
            interpreter.answer(START_SECONDS)
            began = time.monotonic()
            answer = interpreter.answer(seconds)
            if answer.kind == "ready":
                counts = answer.members
            else:
                error = json.loads(answer.body)
        except InterpreterTimeout:
            error = {"errorType": _TIMED_OUT, "errorMessage": f"Task timed out after {seconds:.2f} seconds"}
        except InterpreterExited as ended:
            error = {"errorType": "Runtime.ExitError", "errorMessage": f"Runtime exited with error: {ended.status}"}
        took = (time.monotonic() - began) * 1000
        return interpreter, Initialization(took, counts["compiled"], counts["modules"], error, interpreter.log())

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


def _await_response(interpreter: Interpreter, invocation: Invocation, seconds: float) -> tuple[str, object, str]:
    """Return the status, the body, and the problem for the log where the interpreter has ended; else empty."""
    try:
        answer = interpreter.answer(seconds)
        return "success" if answer.kind == "result" else "error", _parsed(answer), ""
    except InterpreterTimeout:
        problem = f"Task timed out after {seconds:.2f} seconds"
        return "timeout", _platform_error(_TIMED_OUT, invocation, problem), problem
    except InterpreterExited as ended:
        problem = f"Runtime exited with error: {ended.status}"
        return "failure", _platform_error("Runtime.ExitError", invocation, problem), problem


def _parsed(answer: RuntimeMessage) -> object:
    try:
        return json.loads(answer.body)
    except ValueError:  # a handler may return bytes that are not JSON
        return answer.body.decode(errors="replace")


def _platform_error(kind: str, invocation: Invocation, message: str) -> FunctionError:
    return {"errorType": kind, "errorMessage": f"RequestId: {invocation.request_id} Error: {message}"}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
