"""The current request: its account and region, and responses in MiniStack's form."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ministack.core import responses
from ministack.core.responses import (
    get_account_id,
    get_region,
    request_scope,
    set_request_account_id,
)
from ministack.core.router import extract_access_key_id, extract_region

# Status, headers and body of a response.
type Answer = tuple[int, Mapping[str, str], bytes]
# The parameters of a request, and an operation that answers it.
type Params = dict[str, object]
type Operation = Callable[[Params], Answer]

__all__ = [
    "Answer",
    "Operation",
    "Params",
    "botocore_name",
    "error_response_json",
    "extract_access_key_id",
    "extract_region",
    "first_value",
    "get_account_id",
    "get_region",
    "json_response",
    "request_scope",
    "set_request_account_id",
]


def error_response_json(code: str, message: str, status: int) -> Answer:
    """Return the error response of services with a JSON protocol."""
    answer: Answer = responses.error_response_json(code, message, status)
    return answer


def json_response(body: Mapping[str, object], status: int = 200) -> Answer:
    answer: Answer = responses.json_response(body, status)
    return answer


def first_value(value: object) -> object:
    """Return the value of a query parameter, which MiniStack may pass as a list."""
    return value[0] if isinstance(value, list) else value


def botocore_name(service: str) -> str:
    """Return botocore's name of a service; service: MiniStack's name of it."""
    return str(responses._BOTOCORE_NAME.get(service, service))
