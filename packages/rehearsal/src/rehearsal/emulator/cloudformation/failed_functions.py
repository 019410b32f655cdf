"""A custom resource whose function fails is answered for the function: its stack ends immediately, and says why.

AWS waits for an answer until ServiceTimeout, an hour unless the template says otherwise, and then fails as well.
Source: CloudFormation user guide, "Custom resources", ServiceTimeout.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from rehearsal.emulator.ministack.port.cloudformation import answer_custom_resource
from rehearsal.emulator.ministack.port.function_records import ExecutionOutcome, FunctionRecord

Execute = Callable[[FunctionRecord, object], ExecutionOutcome]

_ANSWERED_AT = re.compile(r".*/_ministack/cfn-response/([^/?]+)")
# Lambda's own lines say nothing of why.
_LAMBDAS = ("INIT_START", "START ", "END ", "REPORT ")
_LAST_LINES = 8


def answer_for_failed_functions(execute: Execute) -> Execute:
    """Return the replacement of the function that invokes a function and waits for its end."""

    def execute_function(function: FunctionRecord, event: object) -> ExecutionOutcome:
        result = execute(function, event)
        url = event.get("ResponseURL", "") if isinstance(event, dict) else ""
        found = _ANSWERED_AT.fullmatch(url) if isinstance(url, str) else None
        if found and isinstance(event, dict) and result.get("error"):
            answer_custom_resource(found[1], {"Status": "FAILED", "Reason": _reason(event, result)})
        return result

    return execute_function


def _reason(event: Mapping[str, object], result: ExecutionOutcome) -> str:
    body = result.get("body")
    error = body if isinstance(body, dict) else {}
    said = f"{error.get('errorType', 'Error')}: {error.get('errorMessage', body)}"
    lines = [line.strip() for line in str(result.get("log") or "").splitlines() if not line.startswith(_LAMBDAS)]
    log = f"; the end of its log: {' | '.join(lines[-_LAST_LINES:])}" if lines else ""
    type_ = event.get("ResourceType")
    return f"its function failed without an answer: {said}{log}; `run --accept {type_}` goes on without calling it"
