"""The request that is being answered: its account and region, and answers in MiniStack's form."""

from __future__ import annotations

from ministack.core import responses
from ministack.core.responses import (
    error_response_json,
    get_account_id,
    get_region,
    json_response,
    request_scope,
    set_request_account_id,
)
from ministack.core.router import extract_access_key_id, extract_region

__all__ = [
    "botocore_name",
    "error_response_json",
    "extract_access_key_id",
    "extract_region",
    "get_account_id",
    "get_region",
    "json_response",
    "request_scope",
    "set_request_account_id",
]


def botocore_name(service: str) -> str:
    """Return botocore's name of a service that MiniStack may call by another one."""
    return str(responses._BOTOCORE_NAME.get(service, service))
