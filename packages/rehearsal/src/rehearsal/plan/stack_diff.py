"""How the stacks of a new assembly differ from the deployed ones, resource by resource.

A change is a change of the template: what CloudFormation makes of it (a replacement, a no-op) is not foretold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import ClientError

from rehearsal.aws import Endpoint, root
from rehearsal.project.cloud_assembly import Stack

Json = Mapping[str, Any]
Kind = Literal["added", "changed", "removed"]

# What says something about a resource without being part of it.
_METADATA = "Metadata"


@dataclass(frozen=True)
class ResourceChange:
    """properties: the names of the properties that differ, of a changed resource."""

    id: str
    type: str
    change: Kind
    properties: tuple[str, ...] = ()


@dataclass(frozen=True)
class StackChange:
    """change: None where nothing but metadata differs. others: what differs besides resources, outputs for example."""

    stack: Stack
    change: Literal["create", "update"] | None
    resources: tuple[ResourceChange, ...]
    others: tuple[str, ...] = ()


def compare(endpoint: Endpoint, stack: Stack) -> StackChange:
    """The stack as it is deployed in its account, against its new template."""
    new = json.loads(stack.template.read_text())
    old = deployed_template(endpoint, stack.account, stack.region, stack.name)
    resources = tuple(differences(old or {}, new))
    if old is None:
        return StackChange(stack, "create", resources)
    others = tuple(
        part for part in ("Parameters", "Conditions", "Mappings", "Outputs") if old.get(part) != new.get(part)
    )
    return StackChange(stack, "update" if resources or others else None, resources, others)


def deployed_template(endpoint: Endpoint, account: str, region: str, name: str) -> dict[str, Any] | None:
    """The template that a stack was deployed with; None where there is no such stack."""
    api = endpoint.client("cloudformation", root(account), region)
    try:
        body = api.get_template(StackName=name)["TemplateBody"]
    except ClientError:
        return None
    return dict(json.loads(body)) if isinstance(body, str) else dict(body)


def differences(old: Json, new: Json) -> list[ResourceChange]:
    """The resources of two templates that are not the same, in the order of the new one, removed ones last."""
    before, after = old.get("Resources", {}), new.get("Resources", {})
    found = []
    for id_, resource in after.items():
        if id_ not in before:
            found.append(ResourceChange(id_, resource["Type"], "added"))
        elif _without_metadata(before[id_]) != _without_metadata(resource):
            found.append(ResourceChange(id_, resource["Type"], "changed", _properties(before[id_], resource)))
    found += [ResourceChange(id_, each["Type"], "removed") for id_, each in before.items() if id_ not in after]
    return found


def _without_metadata(resource: Json) -> Json:
    return {key: value for key, value in resource.items() if key != _METADATA}


def _properties(old: Json, new: Json) -> tuple[str, ...]:
    """Return the properties that differ, and the attributes next to them, such as DeletionPolicy."""
    before, after = old.get("Properties", {}), new.get("Properties", {})
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    keys = [
        key
        for key in {**_without_metadata(old), **_without_metadata(new)}
        if key != "Properties" and old.get(key) != new.get(key)
    ]
    return (*names, *keys)
