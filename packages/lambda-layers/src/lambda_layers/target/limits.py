"""Lambda's limits on a function and its layers.

Imports the standard library only, because a build without work checks them too. Source: AWS Lambda developer guide,
"Lambda quotas": 250 MB unzipped for a function and all its layers, five layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lambda_layers.errors import LayersError

if TYPE_CHECKING:
    from lambda_layers.manifest_records import LayerRecord, ManifestRecord

UNZIPPED = 262_144_000
WARNING_RATIO = 0.8
LAYERS = 5


def check(manifest: ManifestRecord) -> list[str]:
    """Return a warning for each function above 80% of the limit. Raises LayersError for functions beyond it."""
    code = {code["name"]: code["unzipped_bytes"] for code in manifest.get("functions", ())}
    too_many: list[str] = []
    too_large: list[str] = []
    warnings: list[str] = []
    for name in sorted({*code}.union(*(layer["functions"] for layer in manifest["layers"]))):
        layers = [layer for layer in manifest["layers"] if name in layer["functions"]]
        size = code.get(name, 0) + sum(layer["unzipped_bytes"] for layer in layers)
        if len(layers) > LAYERS:
            too_many.append(f"{name} has {len(layers)} layers; Lambda takes {LAYERS}")
        if size > UNZIPPED * WARNING_RATIO:
            (too_large if size > UNZIPPED else warnings).append(_size_message(name, size, layers))
    if too_many or too_large:
        raise LayersError("\n".join([*too_many, *too_large]))
    return warnings


def _size_message(name: str, size: int, layers: Sequence[LayerRecord]) -> str:
    packages = [package for layer in layers for package in layer["packages"]]
    largest = sorted(packages, key=lambda package: -package.get("bytes", 0))[:5]
    listed = ", ".join(f"{package['name']} {package.get('bytes', 0):,}" for package in largest)
    return (
        f"{name}: its code and layers are {size:,} bytes unzipped, {size / UNZIPPED:.0%} of the {UNZIPPED:,} that "
        f"Lambda takes; the largest packages: {listed}. `lambda-layers why PACKAGE` tells who asks for one"
    )
