"""Changes of the packages in layers, from the metadata of layer versions in two templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cdk_delivery.cloud_assembly import Template
from cdk_delivery.json_values import mapping, text

TYPE = "AWS::Lambda::LayerVersion"
METADATA = "packages"


@dataclass(frozen=True, order=True)
class PackageChange:
    """The change of one package in one layer. old, new: its versions; None if the layer does not have it."""

    layer: str
    package: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        return f"{self.layer}: {self.package} {self.old or 'none'} -> {self.new or 'none'}"


def package_changes(old: Template, new: Template) -> Iterator[PackageChange]:
    """Yield the changes, sorted by layer and package."""
    before, after = _packages(old), _packages(new)
    for layer, package in sorted({*before, *after}):
        versions = before.get((layer, package)), after.get((layer, package))
        if versions[0] != versions[1]:
            yield PackageChange(layer, package, *versions)


def _packages(template: Template) -> Mapping[tuple[str, str], str]:
    """Return layer and package -> version, from the metadata of each layer version."""
    packages: dict[tuple[str, str], str] = {}
    for resource in template.get("Resources", {}).values():
        metadata = mapping(resource, "Metadata", METADATA) if resource["Type"] == TYPE else {}
        for name, version in mapping(metadata, "versions").items():
            packages[text(metadata, "layer"), name] = str(version)
    return packages
