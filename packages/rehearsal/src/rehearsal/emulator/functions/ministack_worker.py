"""Puts Python functions in the place of MiniStack's workers; functions of other runtimes stay MiniStack's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zipfile import BadZipFile

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from rehearsal.aws import Endpoint
from rehearsal.emulator.functions import logs
from rehearsal.emulator.functions.cold_starts import ColdStartRecord
from rehearsal.emulator.functions.credentials import RoleNotAssumable
from rehearsal.emulator.functions.execution_environment import Invocation, PythonEnvironment
from rehearsal.emulator.functions.filesystem import FunctionFilesystem, NoInterpreter
from rehearsal.workspace.layout import Workspace

LOG_SOURCE = "functions"  # marks a result whose log is written already


def register(space: Workspace, endpoint: Endpoint) -> None:
    """Before the first request."""
    layout = FunctionFilesystem(space.aws / "tmp" / "functions", endpoint, hidden=space.home)
    record = ColdStartRecord(space.cold_starts)
    record.begin()
    others, runs, writes = (
        lambda_runtime._worker_class_for,
        lambda_svc._execute_function_warm,
        lambda_svc._emit_lambda_logs,
    )

    def create_worker(name: str, config: Mapping[str, Any], code: bytes) -> PythonEnvironment:
        return PythonEnvironment(layout, name, config, code)

    def worker_class_for(config: Mapping[str, Any]) -> Any:
        return create_worker if _is_python(config) else others(config)

    def execute(function: Mapping[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        config = function.get("config") or function
        if not _is_python(config) or not function.get("code_zip"):
            return dict(runs(function, event, request_id))
        return _execute(config, function["code_zip"], event, request_id, record)

    def write(*arguments: Any, log_source: str | None = None) -> None:
        if log_source != LOG_SOURCE:
            writes(*arguments, log_source=log_source)

    lambda_runtime._worker_class_for = worker_class_for
    lambda_svc._execute_function_warm = execute
    lambda_svc._emit_lambda_logs = write


def _is_python(config: Mapping[str, Any]) -> bool:
    return str(config.get("Runtime", "")).startswith("python")


def _execute(
    config: Mapping[str, Any],
    code: bytes,
    event: Any,
    request_id: str,
    record: ColdStartRecord,
) -> dict[str, Any]:
    """One invocation in an environment of MiniStack's pool; the answer is in MiniStack's form."""
    lambda_svc._ensure_reaper_thread()
    environment, _ = lambda_runtime.acquire_worker(
        config["FunctionName"], config, code, qualifier=config.get("Version", "$LATEST")
    )
    try:
        call = environment.call(_invocation(config, event, request_id))
    except (NoInterpreter, RoleNotAssumable, BadZipFile, ValueError) as error:
        return {
            "body": {"errorType": type(error).__name__, "errorMessage": str(error)},
            "error": True,
            "log": str(error),
        }
    finally:
        lambda_runtime.release_worker(environment)
    if call.init:
        record.note(config, call)
    lines = logs.lines(config, call, request_id)
    logs.write(config, call.stream, lines)
    answer = {"body": call.body, "log": "\n".join(lines), "log_source": LOG_SOURCE}
    return {**answer, "error": True} if call.status != "success" else answer


def _invocation(config: Mapping[str, Any], event: Any, request_id: str) -> Invocation:
    return Invocation(
        event=event,
        request_id=request_id,
        arn=config.get("FunctionArn", ""),
        trace_id=lambda_svc._xray_trace_id_for_invocation(config),
        changing={**dict.fromkeys(lambda_runtime.DURABLE_ENV_VARS), **lambda_svc._durable_env_overlay()},
        depth=str(lambda_svc._invoke_depth.get()),
    )
