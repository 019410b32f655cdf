"""Faults of MiniStack about which resource a request is for, which policies are then asked about.

The tests of the same names show each fault without its correction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from ministack.core import iam_actions

from rehearsal.emulator.iam import roles


@dataclass(frozen=True)
class ServiceRequest:
    """One request: `known` is the resource that MiniStack takes it for."""

    service: str
    path: str
    body: bytes
    parameters: Mapping[str, Any]
    known: str


def apply() -> None:
    add_log_stream_to_arn()
    add_qualifier_to_function_arn()
    add_version_to_layer_arn()
    add_path_to_role_arn()


def add_log_stream_to_arn() -> None:
    """CloudWatch Logs asks about `log-group:NAME:log-stream:STREAM`, so that a group's ARN, with its `:*`, matches.

    Tags are the exception, as AWS documents for LogGroup; their requests name the resource themselves.
    """

    def resource(call: ServiceRequest) -> str | None:
        if call.service != "logs" or ":log-group:" not in call.known or b"resourceArn" in call.body:
            return None
        return f"{call.known}:log-stream:{json.loads(call.body).get('logStreamName', '')}"

    _override_resource_arn(resource)


def add_qualifier_to_function_arn() -> None:
    """A call of an alias or a version asks about `function:NAME:ALIAS`, which a policy for the alias alone allows."""

    def resource(call: ServiceRequest) -> str | None:
        if call.service != "lambda" or ":function:" not in call.known or call.known.count(":") != 6:
            return None
        qualifier = _first_value(call.parameters.get("Qualifier", ""))
        return f"{call.known}:{qualifier}" if qualifier else None

    _override_resource_arn(resource)


def add_version_to_layer_arn() -> None:
    """A call of one version of a layer asks about `layer:NAME:VERSION`, also one that names it by its ARN."""

    def resource(call: ServiceRequest) -> str | None:
        if call.service == "lambda" and call.path.endswith("/layers") and "Arn" in call.parameters:
            return str(_first_value(call.parameters["Arn"]))
        _, layers, rest = call.path.partition("/layers/")
        name, versions, version = unquote(rest).partition("/versions/")
        if call.service != "lambda" or not (layers and versions and version):
            return None
        version = version.partition("/")[0]
        return f"{name}:{version}" if name.startswith("arn:") else f"{call.known}:{version}"

    _override_resource_arn(resource)


def add_path_to_role_arn() -> None:
    """A call about a role asks about its ARN, which has the role's path."""

    def resource(call: ServiceRequest) -> str | None:
        if call.service != "iam" or ":role/" not in call.known:
            return None
        arn = roles.role_by_arn(call.known).get("Arn")
        return str(arn) if arn else None

    _override_resource_arn(resource)


def _first_value(value: Any) -> Any:
    """A query parameter's value, which may come as a list."""
    return value[0] if isinstance(value, list) else value


def _override_resource_arn(resource: Callable[[ServiceRequest], str | None]) -> None:
    """Ask `resource` after MiniStack; None leaves its answer."""
    known = iam_actions.extract_resource_arn

    def extract_resource(
        service: str, method: str, path: str, headers: Any, body: bytes, parameters: Any, region: str, account: str
    ) -> str:
        found: str = known(service, method, path, headers, body, parameters, region, account)
        return resource(ServiceRequest(service, path, body, parameters, found)) or found

    iam_actions.extract_resource_arn = extract_resource
