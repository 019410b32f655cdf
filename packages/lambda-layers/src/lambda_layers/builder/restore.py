"""Restoring an earlier build from the cache, without Poetry, uv or slow imports."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lambda_layers import manifest
from lambda_layers.builder import cache, cache_key
from lambda_layers.builder.function_code import CodeBuilder
from lambda_layers.builder.placed_files import PlacedFiles
from lambda_layers.target import limits

if TYPE_CHECKING:
    from lambda_layers.builder.build_record import BuildRecord

_DAY = 24 * 3600


class Restored(NamedTuple):
    """A build that needed neither Poetry nor uv. new: the functions whose code was built."""

    warnings: list[str]
    new: tuple[str, ...] = ()


def restore_build(root: Path) -> Restored | None:
    """Restore build/layers/ from the cache for the current lock and settings; None if a layer has to be built.

    Builds the code of functions that have changed. Raises LayersError if that fails, or if a function exceeds Lambda's
    limits.
    """
    try:
        kept = cache.Cache(cache.default_folder())
        layers: BuildRecord | None = kept.record(_project_key(root, kept))
    except (OSError, ValueError):
        return None  # the build itself reports faults of the project
    if layers is None:
        return None
    placed = PlacedFiles(root, kept)
    code = CodeBuilder(root, layers["manifest"]["target"]["python"], kept, placed).build()
    found = code.add_to(layers)
    warnings = [*layers["warnings"], *code.warnings, *limits.check(found["manifest"])]
    return Restored(warnings, code.new) if place_build(root, found, placed) else None


def _project_key(root: Path, kept: cache.Cache) -> str:
    """Return the project's key. The inputs in pyproject.toml and the lock are recorded: parsing takes most of it."""
    key = cache_key.lock_inputs_key(root)
    if recorded := kept.record(key):
        return cache_key.project_key(root, cache_key.LockInputs(**recorded))
    inputs = cache_key.lock_inputs(root)
    kept.keep_record(key, inputs._asdict())
    return cache_key.project_key(root, inputs)


def place_build(root: Path, found: BuildRecord, placed: PlacedFiles) -> bool:
    """Write every file of a build, then layers.json; return False if the cache lacks a file."""
    if not all(placed.place(path, digest) for path, digest in found["files"].items()):
        return False
    text = (json.dumps(found["manifest"], indent=2) + "\n").encode()
    where = root / manifest.MANIFEST_PATH
    if not where.exists() or where.read_bytes() != text:
        cache.write_atomically(where, text)
    _remove_old_layers(root, found["files"])
    placed.save()
    return True


def _remove_old_layers(root: Path, files: Iterable[str]) -> None:
    """Remove files that layers.json no longer names after a day: until then a synthesis may read them."""
    kept = {Path(path).name for path in files} | {manifest.MANIFEST_PATH.name}
    for path in (root / manifest.MANIFEST_PATH.parent).iterdir():
        with suppress(OSError):  # another build may remove it at the same time
            if path.name not in kept and time.time() - path.stat().st_mtime > _DAY:
                path.unlink()
