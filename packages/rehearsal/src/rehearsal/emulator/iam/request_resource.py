"""Which resource a request is for: the one that policies are evaluated for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from rehearsal.emulator.iam import roles

Extract = Callable[..., str]


@dataclass(frozen=True)
class ServiceRequest:
    """One request: `known` is the resource that MiniStack takes it for."""

    service: str
    path: str
    body: bytes
    parameters: Mapping[str, object]
    known: str
    region: str = ""
    account: str = ""


def log_stream_arn(call: ServiceRequest) -> str | None:
    """CloudWatch Logs asks about `log-group:NAME:log-stream:STREAM`, so that a group's ARN, with its `:*`, matches.

    Tags are the exception, as AWS documents for LogGroup; their requests name the resource themselves.
    """
    if call.service != "logs" or ":log-group:" not in call.known or b"resourceArn" in call.body:
        return None
    return f"{call.known}:log-stream:{json.loads(call.body).get('logStreamName', '')}"


def qualified_function_arn(call: ServiceRequest) -> str | None:
    """A call of an alias or a version asks about `function:NAME:ALIAS`, which a policy for only the alias allows."""
    if call.service != "lambda" or ":function:" not in call.known or call.known.count(":") != 6:
        return None
    qualifier = _first_value(call.parameters.get("Qualifier", ""))
    return f"{call.known}:{qualifier}" if qualifier else None


def layer_version_arn(call: ServiceRequest) -> str | None:
    """A call of one version of a layer asks about `layer:NAME:VERSION`, also one that names it by its ARN."""
    if call.service == "lambda" and call.path.endswith("/layers") and "Arn" in call.parameters:
        return str(_first_value(call.parameters["Arn"]))
    _, layers, rest = call.path.partition("/layers/")
    name, versions, version = unquote(rest).partition("/versions/")
    if call.service != "lambda" or not (layers and versions and version):
        return None
    version = version.partition("/")[0]
    return f"{name}:{version}" if name.startswith("arn:") else f"{call.known}:{version}"


def build_project_arn(call: ServiceRequest) -> str | None:
    """A read of builds asks about the project of each, whose name an id begins with.

    Source: AWS service authorization reference, "Actions, resources, and condition keys for AWS CodeBuild": the
    resource of BatchGetBuilds is `project`. Builds of several projects in one request are left as they are.
    """
    ids = json.loads(call.body or b"{}").get("ids") if call.service == "codebuild" else None
    projects = {str(id_).partition(":")[0] for id_ in ids} if isinstance(ids, list) else set()
    if len(projects) != 1:
        return None
    return f"arn:aws:codebuild:{call.region}:{call.account}:project/{projects.pop()}"


def role_path_arn(call: ServiceRequest) -> str | None:
    """A call about a role asks about its ARN, which has the role's path."""
    if call.service != "iam" or ":role/" not in call.known:
        return None
    arn = roles.role_by_arn(call.known).get("Arn")
    return str(arn) if arn else None


def _first_value(value: object) -> object:
    """A query parameter's value, which may come as a list."""
    return value[0] if isinstance(value, list) else value


def override_resource_arn(resource: Callable[[ServiceRequest], str | None]) -> Callable[[Extract], Extract]:
    """Return a replacement of the function that finds a request's resource.

    It asks `resource` after MiniStack; None leaves MiniStack's answer.
    """

    def replace(known: Extract) -> Extract:
        def extract_resource(
            service: str,
            method: str,
            path: str,
            headers: Mapping[str, str],
            body: bytes,
            parameters: Mapping[str, object],
            region: str,
            account: str,
        ) -> str:
            arn = known(service, method, path, headers, body, parameters, region, account)
            return resource(ServiceRequest(service, path, body, parameters, arn, region, account)) or arn

        return extract_resource

    return replace
