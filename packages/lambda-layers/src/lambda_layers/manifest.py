"""build/layers/layers.json: the built layers and the built code of functions.

Imports the standard library only, because the CDK app reads it too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lambda_layers.errors import WrongUse

if TYPE_CHECKING:
    from lambda_layers.manifest_records import LayerRecord, ManifestRecord, PackageRecord

MANIFEST_PATH = Path("build") / "layers" / "layers.json"


class NotBuilt(WrongUse):
    """There is no manifest, or it lacks the function."""


class Package(NamedTuple):
    """One package of a layer, at its locked version. bytes: its unzipped size."""

    name: str
    version: str
    bytes: int = 0


class Layer(NamedTuple):
    """One layer. zip, sbom: paths relative to the project's folder. Sizes are in bytes.

    left_out: packages of the lock that the runtime provides instead.
    """

    name: str
    zip: str
    sha256: str
    bytes: int
    unzipped_bytes: int
    functions: tuple[str, ...]
    packages: tuple[Package, ...]
    sbom: str
    left_out: tuple[Package, ...] = ()


class FunctionCode(NamedTuple):
    """The code of one function. zip: a path relative to the project's folder. Sizes are in bytes."""

    name: str
    zip: str
    sha256: str
    bytes: int
    unzipped_bytes: int


class Manifest(NamedTuple):
    """The target, its layers, the shared one first, and the functions' code. bytecode: whether they contain any."""

    python: str
    architecture: str
    layers: tuple[Layer, ...]
    bytecode: bool = True
    functions: tuple[FunctionCode, ...] = ()

    def layers_of(self, function: str) -> tuple[Layer, ...]:
        """Return the layers of one function, the shared one first."""
        return tuple(layer for layer in self.layers if function in layer.functions)

    def code_of(self, function: str) -> FunctionCode:
        """Return the code of one function. Raises NotBuilt if the manifest has none."""
        for code in self.functions:
            if code.name == function:
                return code
        names = ", ".join(code.name for code in self.functions) or "none"
        raise NotBuilt(
            f"layers.json has no code of the function {function}; it has {names}. A function is a folder of lambda/ "
            "with a main.py; build again with `lambda-layers build`"
        )


def read(path: Path) -> Manifest:
    """Read the manifest in one file. Raises NotBuilt if there is no file."""
    try:
        record: ManifestRecord = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise NotBuilt(f"there is no {path}; build the layers with `lambda-layers build`") from error
    layers = tuple(_layer(layer) for layer in record["layers"])
    functions = tuple(FunctionCode(**code) for code in record.get("functions", ()))
    target = record["target"]
    return Manifest(target["python"], target["architecture"], layers, record.get("bytecode", True), functions)


def _layer(record: LayerRecord) -> Layer:
    return Layer(
        name=record["name"],
        zip=record["zip"],
        sha256=record["sha256"],
        bytes=record["bytes"],
        unzipped_bytes=record["unzipped_bytes"],
        functions=tuple(record["functions"]),
        packages=tuple(map(_package, record["packages"])),
        sbom=record["sbom"],
        left_out=tuple(map(_package, record.get("left_out", ()))),
    )


def _package(record: PackageRecord) -> Package:
    return Package(record["name"], record["version"], record.get("bytes", 0))
