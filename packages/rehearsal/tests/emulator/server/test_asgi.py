"""The ASGI application in front of MiniStack: its handling of CodePipeline requests."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from rehearsal.emulator.cloudformation.accepted_types import AcceptedTypes
from rehearsal.emulator.cloudformation.resource_record import ResourceRecord
from rehearsal.emulator.ministack.port.application import Message
from rehearsal.emulator.server import json_services
from rehearsal.emulator.server.asgi import RequestRouter
from rehearsal.emulator.server.json_services import pipeline_arn
from rehearsal.workspace.acceptances import Accepted
from tests.emulator.conftest import Service

REGION, ACCOUNT = "eu-west-1", "111111111111"


def answered(service: Service, folder: Path, operation: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """Return the status and the response to a request with this body."""
    sent: list[Any] = []
    headers = [(b"host", b"127.0.0.1"), (b"x-amz-target", f"CodePipeline_20150709.{operation}".encode())]

    async def receive() -> Message:
        return {"body": body}

    async def send(message: Any) -> None:
        sent.append(message)

    async def ministack(*_: Any) -> None:
        raise AssertionError("it is not for MiniStack")

    types = AcceptedTypes(Accepted, ResourceRecord(folder / "accepted"))
    front = RequestRouter(ministack, types, json_services.codepipeline(service.api), iam=False)
    asyncio.run(front({"type": "http", "headers": headers, "path": "/"}, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("ListPipelines", b"{", "SerializationException"),
        ("ListPipelines", b"\xff", "SerializationException"),
        ("ListPipelines", b"[]", "SerializationException"),
        ("GetPipeline", b"{}", "ValidationException"),
        ("RehearseAction", b"{}", "ValidationException"),
    ],
)
def test_an_invalid_request_has_awss_error_code(
    service: Service, tmp_path: Path, operation: str, body: bytes, code: str
) -> None:
    """An invalid request has status 400 and AWS's error code."""
    status, answer = answered(service, tmp_path, operation, body)
    assert (status, answer["__type"]) == (400, code)


def test_a_request_without_a_body_is_an_empty_one(service: Service, tmp_path: Path) -> None:
    """A request without a body is an empty request, as SDKs send it."""
    assert answered(service, tmp_path, "ListPipelines", b"") == (200, {"pipelines": []})


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        ({"name": "p"}, "p"),
        ({"pipelineName": "p", "stageName": "s", "actionName": "a"}, "p/s/a"),
        ({"pipeline": {"name": "p", "stages": []}}, "p"),
    ],
)
def test_policies_are_asked_about_the_pipeline_that_is_named(request_: dict[str, Any], path: str) -> None:
    """Policies are evaluated for the ARN of the request's pipeline, stage and action."""
    assert pipeline_arn(request_, ACCOUNT, REGION) == f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:{path}"


@pytest.mark.parametrize("request_", [{}, {"pipeline": None}, {"pipeline": {}}])
def test_without_a_name_policies_are_asked_about_all(request_: dict[str, Any]) -> None:
    """A request without a pipeline is evaluated for `*`."""
    assert pipeline_arn(request_, ACCOUNT, REGION) == "*"
