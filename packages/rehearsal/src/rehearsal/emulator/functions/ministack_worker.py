"""Execution environments of functions of Python and Node in place of MiniStack's; other runtimes stay MiniStack's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zipfile import BadZipFile

from rehearsal.aws import Endpoint
from rehearsal.emulator.functions import logs
from rehearsal.emulator.functions.cold_starts import ColdStartRecord
from rehearsal.emulator.functions.credentials import RoleNotAssumable
from rehearsal.emulator.functions.execution_environment import FunctionEnvironment, Invocation
from rehearsal.emulator.functions.filesystem import FunctionFilesystem
from rehearsal.emulator.functions.languages import NoInterpreter
from rehearsal.emulator.ministack.port import functions, workers
from rehearsal.workspace.layout import Workspace

LOG_SOURCE = "functions"  # marks a result whose log is written already


class ManagedFunctions:
    """Runs functions of Python and Node in the environments of this project; created before the first request."""

    def __init__(self, space: Workspace, endpoint: Endpoint) -> None:
        self._layout = FunctionFilesystem(
            space.aws / "tmp" / "functions", endpoint, hidden=space.home, sdk=space.node_sdk
        )
        self._record = ColdStartRecord(space.cold_starts)
        self._record.begin()

    def choose_worker(self, choose: Callable[[Mapping[str, Any]], Any]) -> Callable[[Mapping[str, Any]], Any]:
        """Return the replacement of the function that chooses what MiniStack's pool makes for a function."""

        def create_worker(name: str, config: Mapping[str, Any], code: bytes) -> FunctionEnvironment:
            return FunctionEnvironment(self._layout, name, config, code)

        def worker_for(config: Mapping[str, Any]) -> Any:
            return create_worker if _is_managed(config) else choose(config)

        return worker_for

    def execute(self, execute: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
        """Return the replacement of the function that runs an invocation in a warm environment."""

        def execute_function(function: Mapping[str, Any], event: Any, request_id: str) -> dict[str, Any]:
            config = function.get("config") or function
            if not _is_managed(config) or not function.get("code_zip"):
                return dict(execute(function, event, request_id))
            return _execute(config, function["code_zip"], event, request_id, self._record)

        return execute_function

    def write_logs(self, write: Callable[..., None]) -> Callable[..., None]:
        """Return the replacement of the function that writes an invocation's log, which is written here already."""

        def write_other_logs(*arguments: Any, log_source: str | None = None) -> None:
            if log_source != LOG_SOURCE:
                write(*arguments, log_source=log_source)

        return write_other_logs


def _is_managed(config: Mapping[str, Any]) -> bool:
    return str(config.get("Runtime", "")).startswith(("python", "nodejs"))


def _execute(
    config: Mapping[str, Any],
    code: bytes,
    event: Any,
    request_id: str,
    record: ColdStartRecord,
) -> dict[str, Any]:
    """One invocation in an environment of MiniStack's pool; the answer is in MiniStack's form."""
    environment = workers.acquire_worker(config, code)
    try:
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
        record.note(config, call)
    lines = logs.lines(config, call, request_id)
    logs.write(config, call.stream, lines)
    answer = {
        "body": call.body,
        "log": "\n".join(lines),
        "log_source": LOG_SOURCE,
        "duration_ms": call.milliseconds,
    }
    return {**answer, "error": True} if call.status != "success" else answer


def _invocation(config: Mapping[str, Any], event: Any, request_id: str) -> Invocation:
    return Invocation(
        event=event,
        request_id=request_id,
        arn=config.get("FunctionArn", ""),
        trace_id=functions.trace_id(config),
        changing={**dict.fromkeys(functions.DURABLE_ENV_VARS), **functions.durable_variables()},
        depth=str(functions.invocation_depth()),
    )
