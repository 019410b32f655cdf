"""The ASGI application that stands before MiniStack: CodePipeline is answered here, all else goes through."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ministack.core.responses import get_account_id, set_request_account_id
from ministack.core.router import extract_access_key_id, extract_region

from rehearsal.emulator.api import TARGET, ApiError, CodePipelineApi

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Front:
    """Routes by the header X-Amz-Target."""

    def __init__(self, ministack: App, codepipeline: CodePipelineApi) -> None:
        self._ministack, self._codepipeline = ministack, codepipeline

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = _headers(scope).get("x-amz-target", "") if scope["type"] == "http" else ""
        if not target.startswith(TARGET):
            await self._ministack(scope, receive, send)
            return
        status, answer = await self._answer(target.removeprefix(TARGET), scope, await _body(receive))
        headers = [(b"content-type", b"application/x-amz-json-1.1")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    async def _answer(self, operation: str, scope: Scope, body: bytes) -> tuple[int, dict[str, Any]]:
        headers = _headers(scope)
        set_request_account_id(extract_access_key_id(headers, {}) or "")
        account, region = get_account_id(), extract_region(headers, {})
        try:
            return 200, await asyncio.to_thread(
                self._codepipeline.call, operation, json.loads(body or b"{}"), account, region
            )
        except ApiError as error:
            return 400, {"__type": error.code, "message": str(error)}
        except KeyError as missing:
            return 400, {"__type": "ValidationException", "message": f"{operation} needs {missing}"}


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
