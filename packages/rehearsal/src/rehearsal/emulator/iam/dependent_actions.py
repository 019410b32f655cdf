"""Permissions in addition to an action's own: to pass roles, read code and templates, use layers, and set tags.

Sources: service authorization reference, "Dependent actions" of AWS Lambda and AWS CloudFormation; IAM user guide,
"Grant a user permissions to pass a role to an AWS service".
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from rehearsal.emulator.iam import enforcement
from rehearsal.emulator.iam.cloudformation_actions import passes_roles, required_actions, tagging_actions
from rehearsal.emulator.iam.denial_messages import Denial
from rehearsal.emulator.iam.enforcement import Request
from rehearsal.emulator.iam.pass_role import PASSED_ROLES, passed_to
from rehearsal.emulator.iam.resource_arns import Resource, arns
from rehearsal.emulator.ministack.port.policies import PrincipalInfo
from rehearsal.emulator.ministack.port.requests import get_account_id
from rehearsal.json_values import items, mapping

_CODE = ("Code", "Content")  # of a function and of a layer
_STAGES = "Stages"  # of a pipeline, whose actions have roles of several services and accounts


@dataclass(frozen=True)
class RequiredPermission:
    """A permission that is needed in addition; keys: the request's condition keys."""

    action: str
    resource: str
    keys: Mapping[str, object] = field(default_factory=dict)


def dependent_permissions(operation: str, resource: Resource, changed: Collection[str]) -> Iterator[RequiredPermission]:
    """Yield the permissions for what a resource refers to; changed: the properties that an update changes."""
    properties = resource.properties
    if token := properties.get("ServiceToken"):
        yield RequiredPermission("sns:Publish" if ":sns:" in str(token) else "lambda:InvokeFunction", str(token))
    if operation == "delete":
        return
    if passes_roles(resource.kind, operation):
        keys = passed_to(_role_service(resource.kind))
        yield from (RequiredPermission("iam:PassRole", role, keys) for role in _roles(properties))
        yield from _permissions_for_action_roles(properties.get(_STAGES))
    new = {name: value for name, value in properties.items() if operation == "create" or name in changed}
    if resource.kind == "AWS::CloudFormation::Stack":
        yield from template_permissions(str(new.get("TemplateURL", "")))
    if resource.kind.startswith("AWS::Lambda::"):
        yield from _code_and_layer_permissions(new)
    if operation == "create" and tags(properties):
        for action in tagging_actions(resource.kind)[:1]:
            yield from (RequiredPermission(action, arn, tag_keys(properties)) for arn in arns(action, resource))


def template_permissions(url: str) -> Iterator[RequiredPermission]:
    """Yield the permission to read a template from its bucket; url: virtual-hosted-style or path-style."""
    host, path = urlsplit(url).netloc, urlsplit(url).path.lstrip("/")
    bucket, virtual_hosted, _ = host.partition(".s3")
    if path:
        yield RequiredPermission("s3:GetObject", f"arn:aws:s3:::{f'{bucket}/{path}' if virtual_hosted else path}")


def tags(properties: Mapping[str, object]) -> dict[str, str]:
    """Return the tags in the properties, name -> value, without the `aws:` ones, which need no permission."""
    values = properties.get("Tags") or {}
    if isinstance(values, list):
        values = {tag["Key"]: tag["Value"] for tag in values if isinstance(tag, Mapping) and "Key" in tag}
    return {str(name): str(value) for name, value in mapping(values).items() if not str(name).startswith("aws:")}


def tag_keys(properties: Mapping[str, object]) -> dict[str, object]:
    """Return the condition keys of the tags that a request sets."""
    values = tags(properties)
    keys: dict[str, object] = {f"aws:requesttag/{name}".lower(): value for name, value in values.items()}
    return {**keys, "aws:tagkeys": list(values)} if values else {}


def first_denial(
    principal: PrincipalInfo, region: str, needs: Iterator[RequiredPermission], **keys: object
) -> Denial | None:
    """Return the first denial of the permissions; keys: condition keys of every request."""
    denials = (
        enforcement.evaluate_request(Request(principal, need.action, need.resource, region, {**need.keys, **keys}))
        for need in needs
    )
    return next(filter(None, denials), None)


def code_and_layer_denial(request: Request) -> Denial | None:
    """Return the denial of a request to Lambda's API with code, layers or tags that its caller may not use."""
    if request.action not in _LAMBDA_ACTIONS:
        return None
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        return None  # the service reports what is wrong with it
    body = {"Code": body} if request.action == "lambda:UpdateFunctionCode" else body
    return first_denial(request.principal, request.region, _call_permissions(request, body))


_LAMBDA_ACTIONS = {
    "lambda:CreateFunction",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
    "lambda:PublishLayerVersion",
}


def _call_permissions(request: Request, body: Mapping[str, object]) -> Iterator[RequiredPermission]:
    yield from _code_and_layer_permissions(body)
    if request.action == "lambda:CreateFunction" and tags(body):
        function = f"arn:aws:lambda:{request.region}:{get_account_id()}:function:{body.get('FunctionName', '')}"
        yield RequiredPermission("lambda:TagResource", function, tag_keys(body))


def _code_and_layer_permissions(properties: Mapping[str, object]) -> Iterator[RequiredPermission]:
    for code in (properties.get(name) for name in _CODE):
        if isinstance(code, Mapping) and code.get("S3Bucket"):
            action = "s3:GetObjectVersion" if code.get("S3ObjectVersion") else "s3:GetObject"
            yield RequiredPermission(action, f"arn:aws:s3:::{code['S3Bucket']}/{code.get('S3Key', '')}")
    for layer in items(properties, "Layers"):
        yield RequiredPermission("lambda:GetLayerVersion", str(layer))


def _permissions_for_action_roles(stages: object) -> Iterator[RequiredPermission]:
    """Yield iam:PassRole for the roles of a pipeline's actions, and for those that they pass to CloudFormation.

    Roles of other accounts are included. AWS does not document that these are passed; see pass_role.
    """
    for stage in stages if isinstance(stages, list) else ():
        for action in stage.get("Actions") or ():
            stack_role = (action.get("Configuration") or {}).get("RoleArn")
            for service, role in (("codepipeline", action.get("RoleArn")), ("cloudformation", stack_role)):
                if role:
                    yield RequiredPermission("iam:PassRole", str(role), passed_to(service))


def _role_service(kind: str) -> str:
    """Return the service that the roles of a resource type are passed to, such as `ecs-tasks`."""
    actions = required_actions(kind, "create")
    services = [next(iter(PASSED_ROLES[action])) for action in actions if action in PASSED_ROLES]
    return (services or [action.partition(":")[0] for action in actions] or [kind.split("::")[1].lower()])[0]


def _roles(value: object, name: str = "") -> Iterator[str]:
    """Yield the roles in properties, at any depth, without those of other accounts, which cannot be passed."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key != _STAGES:
                yield from _roles(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _roles(inner, name)
    elif str(value).startswith(f"arn:aws:iam::{get_account_id()}:role/") and name.lower().endswith(("role", "rolearn")):
        yield str(value)
