"""The ASGI application in front of MiniStack: it calls this project's services, and forwards other requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from rehearsal.emulator.cloudformation.accepted_types import AcceptedTypes
from rehearsal.emulator.iam.enforcement import denial_message
from rehearsal.emulator.ministack.port import policies
from rehearsal.emulator.ministack.port.application import Application, Receive, Scope, Send
from rehearsal.emulator.ministack.port.policies import AuthError
from rehearsal.emulator.ministack.port.requests import (
    extract_access_key_id,
    extract_region,
    get_account_id,
    set_request_account_id,
)
from rehearsal.emulator.server import website
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.emulator.server.json_services import JsonService
from rehearsal.emulator.server.rehearsal_api import PREFIX
from rehearsal.emulator.server.request_guard import Refusal, refuse_foreign_caller, refuse_private_path


class RequestRouter:
    """Refuses callers that are not allowed, and routes all other requests.

    services: by the header X-Amz-Target, or by its part before the operation. The rehearsal's own API has a path
    instead.
    """

    def __init__(
        self, ministack: Application, types: AcceptedTypes, services: Mapping[str, JsonService], *, iam: bool
    ) -> None:
        self._ministack, self._types, self._services, self._iam = ministack, types, services, iam

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if refusal := self._check_caller(scope):
            await _send_refusal(refusal, scope, send)
            return
        self._types.refresh()
        if scope["type"] == "http" and (bucket := website.website_bucket(_headers(scope))):
            await website.serve(bucket, self._ministack, scope, send)
            return
        service, operation = self._find_service(scope)
        if service is None:
            await self._ministack(scope, receive, send)
            return
        status, answer = await self._answer(service, operation, scope, receive)
        headers = [(b"content-type", b"application/x-amz-json-1.1")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def _find_service(self, scope: Scope) -> tuple[JsonService | None, str]:
        """Return the service that answers the request, and its operation; None for MiniStack."""
        if scope["type"] != "http":
            return None, ""
        if scope["path"].startswith(PREFIX):
            return self._services.get(PREFIX), scope["path"].removeprefix(PREFIX)
        target = _headers(scope).get("x-amz-target", "")
        version, _, operation = target.partition(".")
        return self._services.get(target) or self._services.get(f"{version}."), operation

    def _check_caller(self, scope: Scope) -> Refusal | None:
        if scope["type"] not in ("http", "websocket"):
            return None
        return refuse_foreign_caller(_headers(scope)) or (refuse_private_path(scope["path"]) if self._iam else None)

    async def _answer(
        self, service: JsonService, operation: str, scope: Scope, receive: Receive
    ) -> tuple[int, dict[str, object]]:
        headers = _headers(scope)
        set_request_account_id(extract_access_key_id(headers, {}) or "")
        account, region = get_account_id(), extract_region(headers, {})
        try:
            request = await self._authorized(service, operation, scope, receive, region)
            return 200, await asyncio.to_thread(service.call, operation, request, account, region)
        except ApiError as error:
            return 400, {"__type": error.code, "message": str(error)}

    async def _authorized(
        self, service: JsonService, operation: str, scope: Scope, receive: Receive, region: str
    ) -> dict[str, object]:
        """Return an allowed request. Raises ApiError for a denied one, and for a body that is not JSON."""
        if not self._iam:
            return _parsed(await _body(receive))
        policies.pin_request_origin(scope["client"][0], scope["scheme"] == "https")
        policies.pin_signed_request(scope["method"], scope["raw_path"].decode("latin-1"), {}, scope["headers"])
        body = await _body(receive)
        policies.pin_signed_body(body)
        request = _parsed(body)
        key = extract_access_key_id(_headers(scope), {})
        for resource in service.resources(request, get_account_id(), region):
            denial = policies.enforce(key, f"{service.name}:{operation}", service.name, region, resource)
            if isinstance(denial, AuthError):
                raise ApiError(denial.code, denial.message)
            if denial:
                raise ApiError("AccessDeniedException", denial_message(denial.principal_arn))
        return request


async def _send_refusal(refusal: Refusal, scope: Scope, send: Send) -> None:
    """Send the reason as text, without CORS headers, so that no web page can read it; a WebSocket is not opened."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{refusal.reason}\n".encode()})


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _parsed(body: bytes) -> dict[str, object]:
    try:
        request = json.loads(body or b"{}")
    except ValueError as error:
        raise ApiError("SerializationException", f"the request is not JSON: {error}") from error
    if not isinstance(request, dict):
        raise ApiError("SerializationException", f"the request is not a JSON object: {body[:60]!r}")
    return request


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
