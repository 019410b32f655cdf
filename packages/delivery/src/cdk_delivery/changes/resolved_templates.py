"""Templates with parameters' defaults, mappings and conditions written out, so that their policies can be compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cdk_delivery.changes.stacks import Template


def resolve_template(template: Template) -> Template:
    """Return the template with each parameter replaced by its default, and each mapping and condition written out.

    A policy then differs from its older version even if only a parameter, mapping or condition has changed.
    """
    resources = template.get("Resources", {})
    return {**template, "Resources": _Resolver(template).resolve(resources)}


@dataclass(frozen=True)
class _Resolver:
    template: Template

    def resolve(self, value: Any) -> Any:
        """Return `value` with parameters, mappings and conditions in place of their names."""
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
        resolved = {key: self.resolve(inner) for key, inner in value.items()}
        if isinstance(resolved.get("Condition"), str):  # of a resource, or within another condition
            resolved["Condition"] = self._condition(resolved["Condition"])
        return resolved

    def _section(self, name: str) -> Mapping[str, Any]:
        section: Mapping[str, Any] = self.template.get(name, {})
        return section

    def _default(self, name: str, otherwise: Any) -> Any:
        parameter = self._section("Parameters").get(name, {})
        if "Default" not in parameter:
            return otherwise
        default = parameter["Default"]
        return default.split(",") if "List" in parameter.get("Type", "") and isinstance(default, str) else default

    def _condition(self, name: str) -> Any:
        return self.resolve(self._section("Conditions").get(name, name))

    def _sub(self, text: str) -> Any:
        filled = re.sub(r"\$\{(\w+)\}", lambda match: str(self._default(match[1], match[0])), text)
        return {"Fn::Sub": filled} if "${" in filled else filled
