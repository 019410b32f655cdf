"""A template without the detours that its policies may take: parameters' defaults, mappings, conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cdk_delivery.changes.stacks import Template


def resolve_template(template: Template) -> Template:
    """The template, where each reference to a parameter is its default, and each mapping and condition is written out.

    So a policy differs from its older version also where the difference is elsewhere in the template.
    """
    resources = template.get("Resources", {})
    return {**template, "Resources": _Resolver(template).resolve(resources)}


@dataclass(frozen=True)
class _Resolver:
    template: Template

    def resolve(self, value: Any) -> Any:
        """`value`, with all that it refers to by name in its place."""
        if isinstance(value, list):
            return [self.resolve(inner) for inner in value]
        return self._resolve_mapping(value) if isinstance(value, Mapping) else value

    def _resolve_mapping(self, value: Mapping[str, Any]) -> Any:
        match dict(value):
            case {"Ref": str(name)}:
                return self._default(name, value)
            case {"Fn::FindInMap": [str(name), *keys]}:
                return {"Fn::FindInMap": [name, *map(self.resolve, keys), self._section("Mappings").get(name)]}
            case {"Fn::If": [str(name), *branches]}:
                return {"Fn::If": [self._condition(name), *map(self.resolve, branches)]}
            case {"Fn::Sub": str(text)}:
                return self._sub(text)
        found = {key: self.resolve(inner) for key, inner in value.items()}
        if isinstance(found.get("Condition"), str):  # of a resource, or within another condition
            found["Condition"] = self._condition(found["Condition"])
        return found

    def _section(self, name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.template.get(name, {})
        return found

    def _default(self, name: str, otherwise: Any) -> Any:
        parameter = self._section("Parameters").get(name, {})
        if "Default" not in parameter:
            return otherwise
        default = parameter["Default"]
        return default.split(",") if "List" in parameter.get("Type", "") and isinstance(default, str) else default

    def _condition(self, name: str) -> Any:
        return self.resolve(self._section("Conditions").get(name, name))

    def _sub(self, text: str) -> Any:
        filled = re.sub(r"\$\{(\w+)\}", lambda found: str(self._default(found[1], found[0])), text)
        return {"Fn::Sub": filled} if "${" in filled else filled
