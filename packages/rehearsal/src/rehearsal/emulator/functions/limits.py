"""Limits of Lambda: payloads, timeout and variables of functions, and a queue's visibility timeout.

Sources: AWS Lambda developer guide, "Lambda quotas" and "Defined runtime environment variables"; API reference,
"Invoke" (6 MB for synchronous invocations, 1 MB for asynchronous ones). Lambda's error messages are quoted in public
reports (hyp3#2241, aws-athena-query-federation#793, aws-genai-llm-chatbot#583, cfn-lint#3987).
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping

from rehearsal.emulator.ministack.port import cloudformation, functions, messaging
from rehearsal.emulator.ministack.port.function_records import EventSourceMapping, FunctionSettings
from rehearsal.emulator.ministack.port.requests import Answer, error_response_json
from rehearsal.errors import RehearsalError

REQUEST_BYTES, RESPONSE_BYTES, EVENT_BYTES = 6_291_456, 6_291_556, 1_048_576
MIN_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS = 1, 900
VARIABLES_BYTES = 4_096
_PATTERN = "[a-zA-Z]([a-zA-Z0-9_])+"
_VARIABLE_NAME = re.compile(_PATTERN)
_RESERVED_VARIABLES = frozenset(
    {
        *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
    }
)
_UNCONFIGURABLE = (
    "Lambda was unable to configure your environment variables because the environment variables you have provided"
)
_RESERVED = (
    "contains reserved keys that are currently not supported for modification. Reserved keys used in this request"
)


class LimitExceeded(RehearsalError):
    """Lambda's error for a request beyond a limit; code: the error's name in its API."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def limit_payloads(invoke: Callable[..., Awaitable[Answer]]) -> Callable[..., Awaitable[Answer]]:
    """Return the replacement of Invoke; it refuses requests that are too large, and fails on such responses."""

    async def invoke_within_limits(
        name: str, event: object, headers: Mapping[str, str], *rest: object, **named: object
    ) -> Answer:
        kind = headers.get("x-amz-invocation-type") or headers.get("X-Amz-Invocation-Type") or "RequestResponse"
        if error := _payload_error(kind, _payload_bytes(event, headers)):
            return error_response_json("RequestEntityTooLargeException", error, 413)
        status, more, body = await invoke(name, event, headers, *rest, **named)
        if status == 200 and len(body) > RESPONSE_BYTES:
            return status, {**more, "X-Amz-Function-Error": "Unhandled"}, _too_large_response()
        return status, more, body

    return invoke_within_limits


def _payload_bytes(event: object, headers: Mapping[str, str]) -> int:
    length = str(headers.get("content-length") or "")
    return int(length) if length.isdigit() else len(json.dumps(event).encode())


def _payload_error(kind: str, size: int) -> str:
    if kind == "Event" and size > EVENT_BYTES:
        return f"{size} byte payload is too large for the Event invocation type (limit {EVENT_BYTES} bytes)"
    if size > REQUEST_BYTES:
        return f"Request must be smaller than {REQUEST_BYTES} bytes for the InvokeFunction operation"
    return ""


def _too_large_response() -> bytes:
    message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
    return json.dumps({"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"}).encode()


def limit_creation(create: Callable[[FunctionSettings], Answer]) -> Callable[[FunctionSettings], Answer]:
    """Return the replacement of CreateFunction; it refuses a timeout and variables beyond their limits."""

    def create_within_limits(data: FunctionSettings) -> Answer:
        return answer_error(lambda: check_configuration(data)) or create(data)

    return create_within_limits


def limit_configuration(update: Callable[[str, FunctionSettings], Answer]) -> Callable[[str, FunctionSettings], Answer]:
    """Return the replacement of UpdateFunctionConfiguration; it refuses the same values as CreateFunction."""

    def update_within_limits(name: str, data: FunctionSettings) -> Answer:
        return answer_error(lambda: check_configuration(data)) or update(name, data)

    return update_within_limits


def limit_mappings(
    create: Callable[[EventSourceMapping], Answer],
) -> Callable[[EventSourceMapping], Answer]:
    """Return the replacement of CreateEventSourceMapping; it compares the timeouts of queue and function."""

    def create_within_limits(data: EventSourceMapping) -> Answer:
        return answer_error(lambda: check_visibility(data)) or create(data)

    return create_within_limits


def answer_error(check: Callable[[], None]) -> Answer | None:
    """Run a check; return the error response, in MiniStack's form, where it raises LimitExceeded."""
    try:
        check()
    except LimitExceeded as error:
        return error_response_json(error.code, str(error), 400)
    return None


def check_configuration(data: FunctionSettings) -> None:
    """Raise LimitExceeded for a timeout or variables that Lambda does not accept."""
    for code, message in _configuration_errors(data):
        raise LimitExceeded(code, message)


def _configuration_errors(data: FunctionSettings) -> Iterator[tuple[str, str]]:
    timeout = int(data.get("Timeout", 3))
    if timeout < MIN_TIMEOUT_SECONDS:
        yield "ValidationException", _timeout_violation(timeout, f"greater than or equal to {MIN_TIMEOUT_SECONDS}")
    if timeout > MAX_TIMEOUT_SECONDS:
        yield "ValidationException", _timeout_violation(timeout, f"less than or equal to {MAX_TIMEOUT_SECONDS}")
    variables = (data.get("Environment") or {}).get("Variables") or {}
    reserved = sorted(_RESERVED_VARIABLES & variables.keys())
    if reserved:
        yield "InvalidParameterValueException", f"{_UNCONFIGURABLE} {_RESERVED}: {', '.join(reserved)}"
    if not all(_VARIABLE_NAME.fullmatch(name) for name in variables):
        pattern = f"Map keys must satisfy constraint: [Member must satisfy regular expression pattern: {_PATTERN}]"
        yield "ValidationException", _violation("Value at 'environment.variables'", pattern)
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > VARIABLES_BYTES:
        yield (
            "InvalidParameterValueException",
            f"{_UNCONFIGURABLE} exceeded the 4KB limit. String measured: {measured}",
        )


def _timeout_violation(timeout: int, bound: str) -> str:
    return _violation(f"Value '{timeout}' at 'timeout'", f"Member must have value {bound}")


def _violation(where: str, constraint: str) -> str:
    return f"1 validation error detected: {where} failed to satisfy constraint: {constraint}"


def check_visibility(data: EventSourceMapping) -> None:
    """Raise LimitExceeded where a queue's visibility timeout is shorter than its function's timeout."""
    source = str(data.get("EventSourceArn") or "")
    config = functions.function_config(cloudformation.function_name(str(data.get("FunctionName") or "")))
    if not source.startswith("arn:aws:sqs:") or config is None:
        return
    _, _, _, region, account, name = source.split(":")[:6]
    queue, timeout = messaging.queue_attributes(account, region, name), int(config.get("Timeout") or 3)
    visibility = int(queue.get("VisibilityTimeout", timeout))
    if visibility < timeout:
        reason = f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds"
        raise LimitExceeded("InvalidParameterValueException", reason)
