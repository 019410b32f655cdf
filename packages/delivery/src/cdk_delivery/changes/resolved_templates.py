"""Templates with parameters' defaults, mappings and conditions written out, so that their policies can be compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from cdk_delivery.cloud_assembly import Resource, Template
from cdk_delivery.json_values import mapping, text


def resolve_template(template: Template) -> Template:
    """Return the template with each parameter replaced by its default, and each mapping and condition written out.

    A policy then differs from its older version even if only a parameter, mapping or condition has changed.
    """
    resources = template.get("Resources", {})
    return {**template, "Resources": cast("Mapping[str, Resource]", _Resolver(template).resolve(resources))}


@dataclass(frozen=True)
class _Resolver:
    template: Template

    def resolve(self, value: object) -> object:
        """Return `value` with parameters, mappings and conditions in place of their names."""
        if isinstance(value, list):
            return [self.resolve(inner) for inner in value]
        return self._resolve_mapping(value) if isinstance(value, Mapping) else value

    def _resolve_mapping(self, value: Mapping[str, object]) -> object:
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
        if isinstance(condition := resolved.get("Condition"), str):  # of a resource, or within another condition
            resolved["Condition"] = self._condition(condition)
        return resolved

    def _section(self, name: str) -> Mapping[str, object]:
        return mapping(self.template, name)

    def _default(self, name: str, otherwise: object) -> object:
        parameter = mapping(self.template, "Parameters", name)
        if "Default" not in parameter:
            return otherwise
        default = parameter["Default"]
        return default.split(",") if "List" in text(parameter, "Type") and isinstance(default, str) else default

    def _condition(self, name: str) -> object:
        return self.resolve(self._section("Conditions").get(name, name))

    def _sub(self, text: str) -> object:
        filled = re.sub(r"\$\{(\w+)\}", lambda match: str(self._default(match[1], match[0])), text)
        return {"Fn::Sub": filled} if "${" in filled else filled
