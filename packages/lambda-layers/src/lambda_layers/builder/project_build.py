"""The build of a project, which imports the builder while Poetry or uv exports the lock in another thread."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from lambda_layers.builder.restore import restore_build
from lambda_layers.locks import lockfile
from lambda_layers.locks.pin import Pin
from lambda_layers.selection import function_layers

ClosuresByLayer = dict[str, list[Pin]]


def restore_or_build(root: Path) -> list[str]:
    """Restore the build of the current lock and settings, or build the layers. Return the warnings."""
    restored = restore_build(root)
    return restored.warnings if restored else build(root)


def build(root: Path) -> list[str]:
    """Build every layer of the project in `root`, then layers.json. Return the warnings.

    Raises WrongUse for faults of the project, LayersError for faults of its packages.
    """
    with ThreadPoolExecutor() as pool:
        closures = _read_closures(root) or pool.submit(_export_closures, root)

        from lambda_layers.builder.layers import build_layers  # noqa: PLC0415

        return build_layers(root, closures, pool)


def _read_closures(root: Path) -> Future[ClosuresByLayer] | None:
    if lockfile.existing(root) is lockfile.UV:
        return None
    from lambda_layers.poetry import direct  # noqa: PLC0415

    groups = function_layers.groups(root)
    closures = direct.read_closures(root, [*groups.values()])
    if closures is None:
        return None
    completed: Future[ClosuresByLayer] = Future()
    completed.set_result({name: closures[group] for name, group in groups.items()})
    return completed


def _export_closures(root: Path) -> ClosuresByLayer:
    groups = function_layers.groups(root)
    if lockfile.existing(root) is lockfile.UV:
        from lambda_layers.uv.export import export  # noqa: PLC0415
    else:
        from lambda_layers.poetry.export import export  # noqa: PLC0415
    closures = export(root, [*groups.values()])
    return {name: closures[group] for name, group in groups.items()}
