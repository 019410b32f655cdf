"""Differences between the stacks of a new assembly and the deployed ones, by resource.

Templates are compared; whether CloudFormation replaces a resource or does nothing is not predicted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import ClientError

from rehearsal.aws import Endpoint, root
from rehearsal.project.cloud_assembly import Stack
from rehearsal.project.template_types import Template, TemplateResource

Kind = Literal["added", "changed", "removed"]

# An attribute whose change does not change the resource.
_METADATA = "Metadata"


@dataclass(frozen=True)
class ResourceChange:
    """A difference of one resource. properties: the names of changed properties and attributes."""

    id: str
    type: str
    change: Kind
    properties: tuple[str, ...] = ()


@dataclass(frozen=True)
class StackChange:
    """The changes of one stack. change: None where only metadata differs. others: other changed template sections."""

    stack: Stack
    change: Literal["create", "update"] | None
    resources: tuple[ResourceChange, ...]
    others: tuple[str, ...] = ()


def compare(endpoint: Endpoint, stack: Stack) -> StackChange:
    """Compare a stack's new template with its deployed one."""
    new = json.loads(stack.template.read_text())
    old = deployed_template(endpoint, stack.account, stack.region, stack.name)
    resources = tuple(differences(old or {}, new))
    if old is None:
        return StackChange(stack, "create", resources)
    others = tuple(
        section
        for section in ("Parameters", "Conditions", "Mappings", "Outputs")
        if old.get(section) != new.get(section)
    )
    return StackChange(stack, "update" if resources or others else None, resources, others)


def deployed_template(endpoint: Endpoint, account: str, region: str, name: str) -> Template | None:
    """Return the template of a deployed stack; None where there is no such stack."""
    api = endpoint.client("cloudformation", root(account), region)
    try:
        body = api.get_template(StackName=name)["TemplateBody"]
    except ClientError:
        return None
    template: Template = json.loads(body) if isinstance(body, str) else body
    return template


def differences(old: Template, new: Template) -> list[ResourceChange]:
    """Return the changed resources of two templates, in the order of the new one, removed ones last."""
    before, after = old.get("Resources", {}), new.get("Resources", {})
    changes = []
    for id_, resource in after.items():
        if id_ not in before:
            changes.append(ResourceChange(id_, resource["Type"], "added"))
        elif _without_metadata(before[id_]) != _without_metadata(resource):
            changes.append(ResourceChange(id_, resource["Type"], "changed", _changed_names(before[id_], resource)))
    changes += [
        ResourceChange(id_, resource["Type"], "removed") for id_, resource in before.items() if id_ not in after
    ]
    return changes


def _without_metadata(resource: TemplateResource) -> Mapping[str, object]:
    return {key: value for key, value in resource.items() if key != _METADATA}


def _changed_names(old: TemplateResource, new: TemplateResource) -> tuple[str, ...]:
    """Return the names of changed properties, and of changed resource attributes such as DeletionPolicy."""
    before, after = old.get("Properties", {}), new.get("Properties", {})
    properties = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    attributes = [
        name
        for name in {**_without_metadata(old), **_without_metadata(new)}
        if name != "Properties" and old.get(name) != new.get(name)
    ]
    return (*properties, *attributes)
