"""The ASGI application in front of MiniStack: it answers CodePipeline and CodeDeploy, and forwards other requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import NamedTuple

from rehearsal.emulator.cloudformation.accepted_types import AcceptedTypes
from rehearsal.emulator.codebuild.report_store import OPERATIONS as REPORT_OPERATIONS
from rehearsal.emulator.codebuild.report_store import TARGET as CODEBUILD
from rehearsal.emulator.codebuild.report_store import ReportStore
from rehearsal.emulator.codedeploy.operations import TARGET as CODEDEPLOY
from rehearsal.emulator.codedeploy.operations import CodeDeployApi
from rehearsal.emulator.codepipeline.operations import CodePipelineApi
from rehearsal.emulator.codepipeline.wire import TARGET
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
from rehearsal.emulator.server.rehearsal_api import PREFIX, RehearsalApi
from rehearsal.emulator.server.request_guard import Refusal, refuse_foreign_caller, refuse_private_path
from rehearsal.json_values import member
from rehearsal.workspace.layout import Workspace


class JsonService(NamedTuple):
    """A service that this project implements. name: its prefix in IAM. resources: returns the ARNs of a request."""

    name: str
    call: Callable[[str, dict[str, object], str, str], dict[str, object]]
    resources: Callable[[dict[str, object], str, str], list[str]]


class RequestRouter:
    """Refuses callers that are not allowed, and routes all other requests by the header X-Amz-Target."""

    def __init__(
        self,
        ministack: Application,
        codepipeline: CodePipelineApi,
        types: AcceptedTypes,
        *,
        iam: bool,
        codedeploy: CodeDeployApi | None = None,
        reports: ReportStore | None = None,
        workspace: Workspace | None = None,
    ) -> None:
        self._ministack, self._types, self._iam = ministack, types, iam
        self._services = {TARGET: JsonService("codepipeline", codepipeline.call, lambda *given: [pipeline_arn(*given)])}
        api = RehearsalApi(workspace) if workspace else None
        self._rehearsal = JsonService("rehearsal", api.call, lambda *_: ["*"]) if api else None
        if codedeploy:
            arn = codedeploy.resource
            self._services[CODEDEPLOY] = JsonService("codedeploy", codedeploy.call, lambda *given: [arn(*given)])
        if reports:
            answered = JsonService("codebuild", reports.call, reports.resources)
            self._services |= {f"{CODEBUILD}{operation}": answered for operation in REPORT_OPERATIONS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if refusal := self._check_caller(scope):
            await _send_refusal(refusal, scope, send)
            return
        self._types.refresh()
        if scope["type"] == "http" and (bucket := website.website_bucket(_headers(scope))):
            await website.serve(bucket, self._ministack, scope, send)
            return
        target = _headers(scope).get("x-amz-target", "") if scope["type"] == "http" else ""
        version, _, operation = target.partition(".")
        service = self._services.get(target) or self._services.get(f"{version}.")
        if self._rehearsal and scope["type"] == "http" and scope["path"].startswith(PREFIX):
            service, operation = self._rehearsal, scope["path"].removeprefix(PREFIX)
        if service is None:
            await self._ministack(scope, receive, send)
            return
        status, answer = await self._answer(service, operation, scope, receive)
        headers = [(b"content-type", b"application/x-amz-json-1.1")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

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
    await send({"type": "http.response.body", "body": f"{refusal.why}\n".encode()})


def pipeline_arn(request: Mapping[str, object], account: str, region: str) -> str:
    """Return the resource that the policies are evaluated on: a pipeline, or one of its stages or actions."""
    declared = request.get("pipeline")
    named = request.get("pipelineName") or request.get("name")
    names = [named or member(declared, "name"), request.get("stageName"), request.get("actionName")]
    path = "/".join(map(str, takewhile(bool, names)))
    return f"arn:aws:codepipeline:{region}:{account}:{path}" if path else "*"


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
