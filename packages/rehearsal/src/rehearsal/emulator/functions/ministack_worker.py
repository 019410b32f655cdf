"""The use of this project's execution environments in MiniStack, for Python and Node.js; others stay MiniStack's."""

from __future__ import annotations

from collections.abc import Callable
from zipfile import BadZipFile

from rehearsal.aws import Endpoint
from rehearsal.emulator.functions import logs
from rehearsal.emulator.functions.cold_starts import ColdStartRecord
from rehearsal.emulator.functions.credentials import RoleNotAssumable
from rehearsal.emulator.functions.execution_environment import FunctionEnvironment, Invocation
from rehearsal.emulator.functions.filesystem import FunctionFilesystem
from rehearsal.emulator.functions.languages import NoInterpreter
from rehearsal.emulator.functions.node_sdk import NodeSdk
from rehearsal.emulator.ministack.port import functions, workers
from rehearsal.emulator.ministack.port.function_records import (
    ExecutionOutcome,
    FunctionConfig,
    FunctionRecord,
    configuration,
)
from rehearsal.workspace.layout import Workspace

LOG_SOURCE = "functions"  # marks a result whose log has been written


class ManagedFunctions:
    """Runs Python and Node.js functions in this project's environments. It is created before the first request."""

    def __init__(self, space: Workspace, endpoint: Endpoint) -> None:
        self._filesystem = FunctionFilesystem(
            space.aws / "tmp" / "functions", endpoint, hidden=space.home, sdk=space.node_sdk
        )
        self._sdk = NodeSdk(space.node_sdk)
        self._record = ColdStartRecord(space.cold_starts)
        self._record.begin()

    def choose_worker(self, choose: Callable[[FunctionConfig], object]) -> Callable[[FunctionConfig], object]:
        """Return the replacement of the function that chooses the kind of worker that MiniStack's pool creates."""

        def create_worker(name: str, config: FunctionConfig, code: bytes) -> FunctionEnvironment:
            return FunctionEnvironment(self._filesystem, name, config, code)

        def worker_for(config: FunctionConfig) -> object:
            return create_worker if _is_managed(config) else choose(config)

        return worker_for

    def execute(self, execute: Callable[..., ExecutionOutcome]) -> Callable[..., ExecutionOutcome]:
        """Return the replacement of the function that runs an invocation in a warm environment."""

        def execute_function(function: FunctionRecord, event: object, request_id: str) -> ExecutionOutcome:
            config, code = configuration(function), function.get("code_zip")
            if not _is_managed(config) or not code:
                return execute(function, event, request_id)
            return self._execute(config, code, event, request_id)

        return execute_function

    def _execute(self, config: FunctionConfig, code: bytes, event: object, request_id: str) -> ExecutionOutcome:
        """Run one invocation in an environment of MiniStack's pool; return the result in MiniStack's form."""
        environment = workers.acquire_worker(config, code)
        try:
            if config["Runtime"].startswith("nodejs"):
                self._sdk.provide(config, code, event)
            call = environment.call(_invocation(config, event, request_id))
        except (NoInterpreter, RoleNotAssumable, BadZipFile, ValueError) as error:
            return {
                "body": {"errorType": type(error).__name__, "errorMessage": str(error)},
                "error": True,
                "log": str(error),
            }
        finally:
            workers.release_worker(environment)
        if call.init:
            self._record.note(config, call)
        lines = logs.lines(config, call, request_id)
        logs.write(config, call.stream, lines)
        answer: ExecutionOutcome = {
            "body": call.body,
            "log": "\n".join(lines),
            "log_source": LOG_SOURCE,
            "duration_ms": call.milliseconds,
        }
        return {**answer, "error": True} if call.status != "success" else answer

    def write_logs(self, write: Callable[..., None]) -> Callable[..., None]:
        """Return the replacement of the function that writes an invocation's log; it skips logs written here."""

        def write_other_logs(*arguments: object, log_source: str | None = None) -> None:
            if log_source != LOG_SOURCE:
                write(*arguments, log_source=log_source)

        return write_other_logs


def _is_managed(config: FunctionConfig) -> bool:
    return str(config.get("Runtime", "")).startswith(("python", "nodejs"))


def _invocation(config: FunctionConfig, event: object, request_id: str) -> Invocation:
    return Invocation(
        event=event,
        request_id=request_id,
        arn=config.get("FunctionArn", ""),
        trace_id=functions.trace_id(config),
        variables={**dict.fromkeys(functions.DURABLE_ENV_VARS), **functions.durable_variables()},
        depth=str(functions.invocation_depth()),
    )
