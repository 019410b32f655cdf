"""Resources that a deployment would add, change, replace and remove."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cdk_delivery.cloud_assembly import Resource, Template

Kind = Literal["added", "changed", "replaced", "removed"]
KINDS: tuple[Kind, ...] = ("added", "changed", "replaced", "removed")
# Attributes that CloudFormation ignores when it decides whether a resource has changed.
_IGNORED_ATTRIBUTES = ("Metadata",)


@dataclass(frozen=True, order=True)
class ResourceChange:
    """The change of one resource. properties: the names of those that differ, if it is changed or replaced."""

    kind: Kind
    id: str
    type: str
    properties: tuple[str, ...] = ()


def create_only(access: Path) -> Mapping[str, Collection[str]]:
    """Read type -> the properties whose change replaces the resource, from AWS's resource schemas.

    access: the folder of the generated policies. `delivery generate` writes the file there, for every type in the
    templates.
    """
    properties: Mapping[str, Collection[str]] = json.loads((access / "create_only.json").read_text())
    return properties


def resource_changes(
    old: Template, new: Template, replacing: Mapping[str, Collection[str]]
) -> Iterator[ResourceChange]:
    """Yield the changes, in the order of the new template, with removed resources last.

    replacing: type -> the properties whose change replaces the resource. Resources of other types count as changed.
    """
    before = old.get("Resources", {})
    after = new.get("Resources", {})
    for id_, resource in after.items():
        kind = resource["Type"]
        if id_ not in before:
            yield ResourceChange("added", id_, kind)
        elif before[id_]["Type"] != kind:
            yield ResourceChange("replaced", id_, kind, ("Type",))
        elif properties := _changed_properties(before[id_], resource):
            replaced = set(properties) & set(replacing.get(kind, ()))
            yield ResourceChange("replaced" if replaced else "changed", id_, kind, properties)
    for id_, resource in before.items():
        if id_ not in after:
            yield ResourceChange("removed", id_, resource["Type"])


def _changed_properties(old: Resource, new: Resource) -> tuple[str, ...]:
    """Return the names of changed properties, and of changed attributes of the resource such as DeletionPolicy."""
    before, after = _values(old), _values(new)
    names = sorted({*before, *after} - {*_IGNORED_ATTRIBUTES})
    return tuple(name for name in names if before.get(name) != after.get(name))


def _values(resource: Resource) -> dict[str, object]:
    """Return the attributes and the properties of a resource in one mapping."""
    attributes = {name: value for name, value in resource.items() if name != "Properties"}
    return {**attributes, **resource.get("Properties", {})}
