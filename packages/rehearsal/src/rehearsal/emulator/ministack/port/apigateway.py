"""API Gateway's REST, HTTP and WebSocket APIs."""

from __future__ import annotations

from collections.abc import Iterator

from ministack.services import apigateway, apigateway_v1


def api_record(api_id: str) -> dict[str, object]:
    """Return the record of an API of the request's account and region, which may be changed. Raises KeyError."""
    record: dict[str, object] = apigateway._apis[api_id]
    return record


def http_api_owners() -> Iterator[tuple[str, str, str]]:
    """Return account, region and id of every HTTP and WebSocket API."""
    return (owner for owner, _ in apigateway._apis.all_items())


def rest_api_owners() -> Iterator[tuple[str, str, str]]:
    """Return account, region and id of every REST API."""
    return (owner for owner, _ in apigateway_v1._rest_apis.all_items())
