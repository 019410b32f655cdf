"""The build. Poetry, which takes longest to start, starts first; everything else is imported while it starts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lambda_layers.locks import lockfile
from lambda_layers.locks.pin import Pin
from lambda_layers.selection import function_layers


def build(root: Path) -> list[str]:
    """Build every layer of the project in `root`, then layers.json; what people should be warned of.

    Raises WrongUse for what is wrong with the project, LayersError for what is wrong with its packages.
    """
    with ThreadPoolExecutor() as pool:
        exports = pool.submit(_export_closures, root)

        from lambda_layers.builder.layers import build_layers  # noqa: PLC0415

        return build_layers(root, exports.result, pool)


def _export_closures(root: Path) -> dict[str, list[Pin]]:
    groups = function_layers.groups(root)
    if lockfile.existing(root) is lockfile.UV:
        from lambda_layers.uv.export import export  # noqa: PLC0415
    else:
        from lambda_layers.poetry.export import export  # noqa: PLC0415
    found = export(root, [*groups.values()])
    return {name: found[group] for name, group in groups.items()}
