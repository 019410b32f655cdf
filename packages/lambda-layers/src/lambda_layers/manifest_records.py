"""The JSON of build/layers/layers.json. For type checkers: a build with no work does not create these classes."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class PackageRecord(TypedDict):
    """One package of a layer in layers.json; versions before 1.0 wrote no `bytes`."""

    name: str
    version: str
    bytes: NotRequired[int]


class LayerRecord(TypedDict):
    """One layer in layers.json."""

    name: str
    zip: str
    sha256: str
    bytes: int
    unzipped_bytes: int
    functions: list[str]
    packages: list[PackageRecord]
    left_out: NotRequired[list[PackageRecord]]
    sbom: str


class FunctionRecord(TypedDict):
    """The code of one function in layers.json."""

    name: str
    zip: str
    sha256: str
    bytes: int
    unzipped_bytes: int


class TargetRecord(TypedDict):
    """The target in layers.json."""

    python: str
    architecture: str


class ManifestRecord(TypedDict):
    """layers.json; what is not required is missing in those of older versions."""

    target: TargetRecord
    bytecode: NotRequired[bool]
    layers: list[LayerRecord]
    functions: NotRequired[list[FunctionRecord]]
