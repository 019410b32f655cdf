"""Custom resources whose function fails: the stack fails immediately, with the function's error.

AWS waits for a response until ServiceTimeout (by default an hour), and then fails too.
Source: CloudFormation user guide, "Custom resources", ServiceTimeout.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from rehearsal.emulator.ministack.port.cloudformation import answer_custom_resource
from rehearsal.emulator.ministack.port.function_records import ExecutionOutcome, FunctionRecord

Execute = Callable[[FunctionRecord, object], ExecutionOutcome]

_ANSWERED_AT = re.compile(r".*/_ministack/cfn-response/([^/?]+)")
# Lambda's own log lines, which never contain the reason.
_LAMBDAS = ("INIT_START", "START ", "END ", "REPORT ")
_LAST_LINES = 8


def answer_for_failed_functions(execute: Execute) -> Execute:
    """Return the replacement of the function that invokes a Lambda function; it answers for one that failed."""

    def execute_function(function: FunctionRecord, event: object) -> ExecutionOutcome:
        result = execute(function, event)
        url = event.get("ResponseURL", "") if isinstance(event, dict) else ""
        match = _ANSWERED_AT.fullmatch(url) if isinstance(url, str) else None
        if match and isinstance(event, dict) and result.get("error"):
            answer_custom_resource(match[1], {"Status": "FAILED", "Reason": _reason(event, result)})
        return result

    return execute_function


def _reason(event: Mapping[str, object], result: ExecutionOutcome) -> str:
    body = result.get("body")
    error = body if isinstance(body, dict) else {}
    failure = f"{error.get('errorType', 'Error')}: {error.get('errorMessage', body)}"
    lines = [line.strip() for line in str(result.get("log") or "").splitlines() if not line.startswith(_LAMBDAS)]
    log = f"; the end of its log: {' | '.join(lines[-_LAST_LINES:])}" if lines else ""
    type_ = event.get("ResourceType")
    return f"its function failed without an answer: {failure}{log}; `run --accept {type_}` goes on without calling it"
