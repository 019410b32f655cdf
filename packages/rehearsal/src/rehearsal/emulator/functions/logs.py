"""The log events of an invocation: Lambda's platform lines around the function's own output.

Sources: AWS Lambda developer guide, "Working with Lambda function logs", and, for JSON, "Lambda Telemetry API Event
schema reference".
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rehearsal.emulator.functions.execution_environment import InvocationResult
from rehearsal.emulator.iam import enforcement, roles
from rehearsal.emulator.iam.enforcement import Request
from rehearsal.emulator.ministack.port.application import enforces_iam
from rehearsal.emulator.ministack.port.function_records import FunctionConfig
from rehearsal.emulator.ministack.port.logs import has_group, put_log_events


def lines(config: FunctionConfig, call: InvocationResult, request_id: str) -> list[str]:
    """Return every log event of an invocation; an unhandled error's traceback is one event."""
    logging = config.get("LoggingConfig") or {}
    if logging.get("LogFormat") != "JSON":
        before, after = _text(config, call, request_id)
    elif (logging.get("SystemLogLevel") or "INFO") == "WARN":
        before, after = [], []
    else:
        before, after = _structured(config, call, request_id)
    # The output of the initialization is before the line START, the last one of `before`.
    initialization = _printed(call.init.log) if call.init else []
    return [*before[:-1], *initialization, *before[-1:], *_printed(call.log), *after]


def write(config: FunctionConfig, stream: str, events: Sequence[str]) -> None:
    """Write the events to the function's log group; they are lost where its role may not, and the call goes on.

    stream: that of the execution environment.
    """
    name = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
    if _may_write(config, name, stream):
        put_log_events(name, stream, int(time.time() * 1000), [message for message in events if message])


def _may_write(config: FunctionConfig, group: str, stream: str) -> bool:
    """Whether the function's role may write to the stream, and create the group where there is none.

    Source: AWS Lambda developer guide, "Sending Lambda function logs to CloudWatch Logs".
    """
    if not enforces_iam():
        return True
    region, account = config["FunctionArn"].split(":")[3:5]
    log_group = f"arn:aws:logs:{region}:{account}:log-group:{group}"
    needed = [(f"logs:{action}", f"{log_group}:log-stream:{stream}") for action in ("CreateLogStream", "PutLogEvents")]
    if not has_group(group):
        needed.append(("logs:CreateLogGroup", log_group))
    request = Request(roles.session_principal(config["Role"], config["FunctionName"]), "", "", region)
    return not any(enforcement.find_denial(request.for_action(action, resource)) for action, resource in needed)


def _printed(text: str) -> list[str]:
    # The runtime client separates the lines within one event by carriage returns.
    return [line.replace("\r", "\n") for line in text.split("\n") if line]


def _text(config: FunctionConfig, call: InvocationResult, request_id: str) -> tuple[list[str], list[str]]:
    """Return the platform's lines before and after the function's output."""
    report = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {call.milliseconds:.2f} ms",
        f"Billed Duration: {_billed(call)} ms",
        f"Memory Size: {config.get('MemorySize', 128)} MB",
        f"Max Memory Used: {call.memory} MB",
    ]
    if call.init:
        report.append(f"Init Duration: {call.init.milliseconds:.2f} ms")
    if call.status != "success":
        report.append(f"Status: {call.status}")
    start = f"START RequestId: {request_id} Version: {config.get('Version', '$LATEST')}"
    initialized = [f"INIT_START Runtime Version: {config['Runtime']}"] if call.init else []
    return [*initialized, start], [f"END RequestId: {request_id}", "\t".join(report)]


def _structured(config: FunctionConfig, call: InvocationResult, request_id: str) -> tuple[list[str], list[str]]:
    """Return the platform's JSON objects before and after the function's output."""
    version = config.get("Version", "$LATEST")
    metrics: dict[str, float] = {
        "durationMs": round(call.milliseconds, 3),
        "billedDurationMs": _billed(call),
        "memorySizeMB": config.get("MemorySize", 128),
        "maxMemoryUsedMB": call.memory,
    }
    before = [_event("start", {"requestId": request_id, "version": version})]
    if call.init:
        metrics["initDurationMs"] = round(call.init.milliseconds, 3)
        about = {"initializationType": "on-demand", "phase": "init", "runtimeVersion": config["Runtime"]}
        names = {"functionName": config["FunctionName"], "functionVersion": version}
        before.insert(0, _event("initStart", {**about, **names}))
    report = {"requestId": request_id, "metrics": metrics, "status": call.status}
    return before, [_event("report", report)]


def _event(kind: str, record: Mapping[str, object]) -> str:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": now, "type": f"platform.{kind}", "record": record})


def _billed(call: InvocationResult) -> int:
    return math.ceil(call.milliseconds + (call.init.milliseconds if call.init else 0))
