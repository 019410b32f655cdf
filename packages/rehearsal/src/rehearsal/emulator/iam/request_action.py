"""Action of a request: the one that policies are evaluated for.

Sources: service authorization reference; SQS developer guide, "Automatic message batching and permissions".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from urllib.parse import unquote

from rehearsal import aws
from rehearsal.emulator.ministack.port.actions import PATH_ROUTED_SERVICES, has_own_protocol
from rehearsal.emulator.ministack.port.requests import first_value

# Parameters: service, method, path, headers, body, query parameters.
Extract = Callable[[str, str, str, Mapping[str, str], bytes, Mapping[str, object]], str]

# Operations without an action of the same name -> the action that AWS evaluates.
OPERATION_PERMISSIONS: Mapping[str, str] = {
    "kms:ReEncrypt": "kms:ReEncryptFrom",
    "lambda:GetLayerVersionByArn": "lambda:GetLayerVersion",
    "lambda:Invoke": "lambda:InvokeFunction",
    "lambda:InvokeAsync": "lambda:InvokeFunction",
    "lambda:InvokeWithResponseStream": "lambda:InvokeFunction",
    "sns:PublishBatch": "sns:Publish",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:SendMessageBatch": "sqs:SendMessage",
}
# No policy has this action: a caller with lambda:* gets the error for an unknown path, other callers are denied.
UNKNOWN = "lambda:UnknownOperation"


def ignore_action_parameter(extract: Extract) -> Extract:
    """Return the replacement of the function that finds a request's action.

    It ignores a query parameter such as `?Action=ListQueues` where the service finds the operation by the path or by
    the target header. CloudWatch uses the path as well, for clients with its newest protocol.
    """

    def extract_action(
        service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, parameters: Mapping[str, object]
    ) -> str:
        by_path, by_target = service in PATH_ROUTED_SERVICES, _uses_target_header(service, headers)
        operation = re.search(r"/operation/([^/?]+)", path)
        if service == "monitoring" and operation and not by_target:
            return f"cloudwatch:{operation[1]}"
        if by_path or by_target:
            headers = {} if by_path else {"x-amz-target": headers["x-amz-target"]}
            parameters = {name: value for name, value in parameters.items() if name != "Action"}
        return extract(service, method, path, headers, body, parameters)

    return extract_action


def _uses_target_header(service: str, headers: Mapping[str, str]) -> bool:
    """Whether the service finds the operation by the target header.

    Services with the query protocol use Action, whatever the header is; SQS and CloudWatch support both.
    """
    target = headers.get("x-amz-target", "")
    if service == "sqs":
        return target.startswith("AmazonSQS.")
    return "." in target and (service == "monitoring" or not has_own_protocol(service))


def resolve_lambda_action(extract: Extract) -> Extract:
    """Return the replacement of the function that finds a request's action; Lambda's come from botocore's model."""

    def extract_action(
        service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, parameters: Mapping[str, object]
    ) -> str:
        if service != "lambda":
            return extract(service, method, path, headers, body, parameters)
        path = unquote(path).rstrip("/")
        for verb, pattern, query, operation in _routes():
            has_query = all(first_value(parameters.get(name, "")) == value for name, value in query.items())
            if verb == method and has_query and pattern.fullmatch(path):
                return f"lambda:{operation}"
        return UNKNOWN

    return extract_action


@cache
def _routes() -> list[tuple[str, re.Pattern[str], dict[str, str], str]]:
    """Return method, path, query parameters and name of each operation of Lambda, the most specific first."""
    model = aws.service_model("lambda")
    routes = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        parameters = dict(part.split("=") for part in query.split("&") if part)
        routes.append((http["method"], _pattern(path.rstrip("/")), parameters, name))
    return sorted(routes, key=lambda route: (-len(route[2]), -len(route[1].pattern)))


def _pattern(path: str) -> re.Pattern[str]:
    """Return the pattern of a model's path, such as `/functions/{FunctionName}/code`; only ARNs may have slashes."""
    texts = re.split(r"\{\w+\}", path)
    labels = [".+" if label.endswith(("Arn", "Resource")) else "[^/]+" for label in re.findall(r"\{(\w+)\}", path)]
    return re.compile("".join(f"{re.escape(text)}{label}" for text, label in zip(texts, [*labels, ""], strict=True)))


def map_to_permission(extract: Extract) -> Extract:
    """Return the replacement of the function that finds a request's action; it applies OPERATION_PERMISSIONS."""

    def extract_action(
        service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, parameters: Mapping[str, object]
    ) -> str:
        action = extract(service, method, path, headers, body, parameters)
        return OPERATION_PERMISSIONS.get(action, action)

    return extract_action
