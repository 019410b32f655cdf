"""Resource of a request: the ARN that policies are evaluated on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from rehearsal.emulator.iam import roles
from rehearsal.emulator.ministack.port.requests import first_value

Extract = Callable[..., str]


@dataclass(frozen=True)
class ServiceRequest:
    """One request; known: the ARN that MiniStack finds for it."""

    service: str
    path: str
    body: bytes
    parameters: Mapping[str, object]
    known: str
    region: str = ""
    account: str = ""


def log_stream_arn(call: ServiceRequest) -> str | None:
    """Return `log-group:NAME:log-stream:STREAM`, which a log group's ARN matches, as that ends in `:*`.

    Requests about tags are the exception, as AWS documents for LogGroup: they contain the ARN themselves.
    """
    if call.service != "logs" or ":log-group:" not in call.known or b"resourceArn" in call.body:
        return None
    return f"{call.known}:log-stream:{json.loads(call.body).get('logStreamName', '')}"


def qualified_function_arn(call: ServiceRequest) -> str | None:
    """Return `function:NAME:QUALIFIER` for a request to an alias or version, as a policy may allow only the alias."""
    if call.service != "lambda" or ":function:" not in call.known or call.known.count(":") != 6:
        return None
    qualifier = first_value(call.parameters.get("Qualifier", ""))
    return f"{call.known}:{qualifier}" if qualifier else None


def layer_version_arn(call: ServiceRequest) -> str | None:
    """Return `layer:NAME:VERSION` for a request for one version of a layer, also where the request has its ARN."""
    if call.service == "lambda" and call.path.endswith("/layers") and "Arn" in call.parameters:
        return str(first_value(call.parameters["Arn"]))
    _, layers, rest = call.path.partition("/layers/")
    name, versions, version = unquote(rest).partition("/versions/")
    if call.service != "lambda" or not (layers and versions and version):
        return None
    version = version.partition("/")[0]
    return f"{name}:{version}" if name.startswith("arn:") else f"{call.known}:{version}"


def build_project_arn(call: ServiceRequest) -> str | None:
    """Return the ARN of the project of the builds in a request; a build's id begins with the project's name.

    Source: AWS service authorization reference, "Actions, resources, and condition keys for AWS CodeBuild": the
    resource of BatchGetBuilds and StopBuild is `project`. For builds of several projects, the result is None.
    """
    request = json.loads(call.body or b"{}") if call.service == "codebuild" else {}
    ids = [request["id"]] if "id" in request else request.get("ids")
    projects = {str(id_).rpartition("/")[2].partition(":")[0] for id_ in ids} if isinstance(ids, list) else set()
    if len(projects) != 1:
        return None
    return f"arn:aws:codebuild:{call.region}:{call.account}:project/{projects.pop()}"


def role_path_arn(call: ServiceRequest) -> str | None:
    """Return the ARN of the role in a request, with the role's path."""
    if call.service != "iam" or ":role/" not in call.known:
        return None
    arn = roles.role_by_arn(call.known).get("Arn")
    return str(arn) if arn else None


def image_repository_arn(call: ServiceRequest) -> str | None:
    """Return the ARN of the repository that a request of ECR names in a list; for several, the result is None.

    Source: AWS service authorization reference, "Actions, resources, and condition keys for Amazon Elastic Container
    Registry": the resource of DescribeRepositories is `repository`.
    """
    is_api = call.service == "ecr" and call.path == "/"  # other paths are the registry's, whose bodies are layers
    names = json.loads(call.body or b"{}").get("repositoryNames") if is_api else None
    if not isinstance(names, list) or len(names) != 1:
        return None
    return f"arn:aws:ecr:{call.region}:{call.account}:repository/{names[0]}"


def search_domain_arn(call: ServiceRequest) -> str | None:
    """Return the ARN of the domain of OpenSearch in a request's path.

    Source: AWS service authorization reference, "Actions, resources, and condition keys for Amazon OpenSearch Service".
    """
    _, domain, rest = call.path.partition("/domain/")
    if call.service != "opensearch" or not domain:
        return None
    return f"arn:aws:es:{call.region}:{call.account}:domain/{rest.partition('/')[0]}"


def override_resource_arn(resource: Callable[[ServiceRequest], str | None]) -> Callable[[Extract], Extract]:
    """Return a decorator for the function that finds a request's resource.

    The replacement calls `resource` with MiniStack's result; where that returns None, MiniStack's result stays.
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
