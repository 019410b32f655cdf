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
    layers = manifest["layers"]
    code = {code["name"]: code["unzipped_bytes"] for code in manifest.get("functions", ())}
    names = {*code}.union(*(layer["functions"] for layer in layers))
    used = {name: [layer for layer in layers if name in layer["functions"]] for name in sorted(names)}
    many = [
        f"{name} has {len(found)} layers; Lambda takes {LAYERS}" for name, found in used.items() if len(found) > LAYERS
    ]
    sizes = {name: code.get(name, 0) + sum(layer["unzipped_bytes"] for layer in found) for name, found in used.items()}
    too_large = [_size_message(name, size, used[name]) for name, size in sizes.items() if size > UNZIPPED]
    if many or too_large:
        raise LayersError("\n".join([*many, *too_large]))
    return [_size_message(name, size, used[name]) for name, size in sizes.items() if size > UNZIPPED * WARNING_RATIO]


def _size_message(name: str, size: int, layers: Sequence[LayerRecord]) -> str:
    packages = [package for layer in layers for package in layer["packages"]]
    largest = sorted(packages, key=lambda package: -package.get("bytes", 0))[:5]
    listed = ", ".join(f"{package['name']} {package.get('bytes', 0):,}" for package in largest)
    return (
        f"{name}: its code and layers are {size:,} bytes unzipped, {size / UNZIPPED:.0%} of the {UNZIPPED:,} that "
        f"Lambda takes; the largest packages: {listed}. `lambda-layers why PACKAGE` tells who asks for one"
    )
