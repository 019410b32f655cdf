"""Which packages come and go with the layers, from what the templates say of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cdk_delivery.changes.stacks import Template

TYPE = "AWS::Lambda::LayerVersion"
METADATA = "packages"


@dataclass(frozen=True, order=True)
class PackageChange:
    """One package of one layer; None where it was or will not be there."""

    layer: str
    package: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        return f"{self.layer}: {self.package} {self.old or 'none'} -> {self.new or 'none'}"


def package_changes(old: Template, new: Template) -> Iterator[PackageChange]:
    """In the order of layers and names."""
    before, after = _packages(old), _packages(new)
    for layer, package in sorted({*before, *after}):
        versions = before.get((layer, package)), after.get((layer, package))
        if versions[0] != versions[1]:
            yield PackageChange(layer, package, *versions)


def _packages(template: Template) -> Mapping[tuple[str, str], str]:
    """Layer and package -> version; the template carries them as metadata of each layer version."""
    found: dict[tuple[str, str], str] = {}
    for resource in template.get("Resources", {}).values():
        told: Mapping[str, Any] = resource.get("Metadata", {}).get(METADATA, {}) if resource["Type"] == TYPE else {}
        for name, version in told.get("versions", {}).items():
            found[told["layer"], name] = version
    return found
