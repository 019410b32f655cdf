"""build/layers/layers.json: what was built. The CDK app reads it; this module needs the standard library alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WHERE = Path("build") / "layers" / "layers.json"


@dataclass(frozen=True)
class Package:
    """One package of a layer, at its locked version."""

    name: str
    version: str


@dataclass(frozen=True)
class Layer:
    """One layer: `zip` and `sbom` are paths below the project's folder, sizes are in bytes."""

    name: str
    zip: str
    sha256: str
    bytes: int
    unzipped_bytes: int
    functions: tuple[str, ...]
    packages: tuple[Package, ...]
    sbom: str


@dataclass(frozen=True)
class Manifest:
    """The target and its layers, the shared one first."""

    python: str
    architecture: str
    layers: tuple[Layer, ...]

    def of(self, function: str) -> tuple[Layer, ...]:
        """The layers that one function gets, the shared one first."""
        return tuple(layer for layer in self.layers if function in layer.functions)


def read(path: Path) -> Manifest:
    """The manifest in one file."""
    found: dict[str, Any] = json.loads(path.read_text())
    layers = tuple(_layer(layer) for layer in found["layers"])
    return Manifest(found["target"]["python"], found["target"]["architecture"], layers)


def _layer(found: dict[str, Any]) -> Layer:
    packages = tuple(Package(package["name"], package["version"]) for package in found["packages"])
    return Layer(**{**found, "functions": tuple(found["functions"]), "packages": packages})
