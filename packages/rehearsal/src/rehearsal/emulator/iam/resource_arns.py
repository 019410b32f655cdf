"""ARNs that an action on a stack's resource is evaluated on, in the service authorization reference's formats.

cfn-lint ships the reference: the resource types of each action, and the formats of their ARNs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypedDict

from rehearsal.emulator.iam.cfnlint_data import DATA
from rehearsal.emulator.ministack.port.cloudformation import physical_name
from rehearsal.emulator.ministack.port.requests import get_account_id, get_region

_REFERENCE = DATA / "AdditionalSpecs" / "Policies.json"


class ActionReference(TypedDict, total=False):
    Resources: Sequence[str]


class ResourceReference(TypedDict, total=False):
    ARNFormats: Sequence[str]


class ServiceReference(TypedDict):
    """Actions and resources of a service, by their names in lower case."""

    Actions: Mapping[str, ActionReference]
    Resources: Mapping[str, ResourceReference]


@dataclass(frozen=True)
class Resource:
    """One resource of a stack; id: its physical id, empty before the resource exists."""

    kind: str
    stack: str
    logical_id: str
    properties: Mapping[str, object]
    id: str = ""

    def __str__(self) -> str:
        return f"{self.kind} of stack {self.stack}"


def arns(action: str, resource: Resource) -> list[str]:
    """Return the ARNs that `action` is evaluated on.

    The result is `*` for an action without resource-level permissions, and empty where the ARNs are unknown. Before a
    resource exists, its ARN has the name from the template, or the one that CloudFormation generates.
    """
    types = _types(action)
    for kind, format_ in types.items():
        if names := _names(kind, resource):
            return [_arn(format_, name, resource) for name in names]
    return [] if types else ["*"]


def _names(kind: str, resource: Resource) -> list[str]:
    """Return the resource's name or id, or the one of what it belongs to, such as the function of an alias."""
    noun = kind.partition("-on-")[0].replace("-", "").replace(" ", "").lower()
    is_resource_itself = resource.kind.rpartition("::")[2].lower() in {noun, f"managed{noun}", f"{noun}version"}
    keys = {noun, f"{noun}s", f"{noun}name", f"{noun}arn", f"{noun}id", *({"name"} if is_resource_itself else ())}
    if is_resource_itself and resource.id:
        return [resource.id]
    for key, value in resource.properties.items():
        if key.lower() in keys:
            values = value if isinstance(value, list) else [value]
            names = [name for name in values if isinstance(name, str)]
            if names and len(names) == len(values):
                return names
    return [_generated_name(resource)] if is_resource_itself else []


def _generated_name(resource: Resource) -> str:
    lowercase = resource.kind.startswith("AWS::S3::")
    return physical_name(resource.stack, resource.logical_id, lowercase=lowercase)


def _arn(format_: str, name: str, resource: Resource) -> str:
    if name.startswith("arn:"):
        return name
    name = name.rsplit("/", 1)[-1] if "://" in name else name  # a queue's URL
    beginning = format_.removesuffix(".*")
    noun = beginning.rsplit(":", 1)[-1]
    if noun.endswith("/"):
        name = name.removeprefix(noun).lstrip("/")  # alias/..., or a parameter's path
    values = {"Partition": "aws", "Region": get_region(), "Account": get_account_id()}
    for key, value in values.items():
        beginning = beginning.replace(f"${{{key}}}", value)
    path = str(resource.properties.get("Path", "/")).lstrip("/") if resource.kind.startswith("AWS::IAM::") else ""
    # CloudWatch Logs evaluates a stream's ARN, so that a policy with the group's ARN, which ends in `:*`, matches.
    end = ":log-stream:" if beginning.endswith(":log-group:") else ""
    return f"{beginning}{path}{name}{end}"


def _types(action: str) -> Mapping[str, str]:
    """Return resource type -> format of its ARNs, for the types that an action takes."""
    service, _, name = action.partition(":")
    known = _reference().get(service, {"Actions": {}, "Resources": {}})
    kinds: Sequence[str] = known["Actions"].get(name.lower(), {}).get("Resources", ())
    formats = {kind: known["Resources"].get(kind.lower(), {}).get("ARNFormats", [""])[0] for kind in kinds}
    return {kind: format_ for kind, format_ in formats.items() if format_.endswith(".*")}


@cache
def _reference() -> Mapping[str, ServiceReference]:
    reference: dict[str, ServiceReference] = json.loads(_REFERENCE.read_text())
    return reference
