"""The build. Poetry, which takes longest to start, starts first; everything else is imported meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from layers import slices
from layers.errors import WrongUse
from layers.export import Pin, export


def build(root: Path) -> list[str]:
    """Build every layer of the project in `root`, then layers.json; what people should be warned of.

    Raises WrongUse for what is wrong with the project, LayersError for what is wrong with its packages.
    """
    with ThreadPoolExecutor() as pool:
        exports = _started(root, pool)

        from layers.make import make  # noqa: PLC0415

        def closures() -> Mapping[str, Sequence[Pin]]:
            return {name: found.result() for name, found in exports.items()}

        return make(root, closures)


def _started(root: Path, pool: ThreadPoolExecutor) -> dict[str, Future[list[Pin]]]:
    try:
        return {name: pool.submit(export, root, group) for name, group in slices.groups(root).items()}
    except (OSError, ValueError, WrongUse):
        return {}  # what is wrong with pyproject.toml is told by whoever reads its settings, a moment later
