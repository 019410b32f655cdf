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
        layer_cache = cache.Cache(cache.default_folder())
        record: BuildRecord | None = layer_cache.record(_project_key(root, layer_cache))
    except (OSError, ValueError):
        return None  # the build itself reports faults of the project
    if record is None:
        return None
    placed = PlacedFiles(root, layer_cache)
    code = CodeBuilder(root, record["manifest"]["target"]["python"], layer_cache, placed).build()
    complete = code.add_to(record)
    warnings = [*record["warnings"], *code.warnings, *limits.check(complete["manifest"])]
    return Restored(warnings, code.new) if place_build(root, complete, placed) else None


def _project_key(root: Path, layer_cache: cache.Cache) -> str:
    """Return the project's key. The inputs in pyproject.toml and the lock are recorded: parsing takes most of it."""
    key = cache_key.lock_inputs_key(root)
    if recorded := layer_cache.record(key):
        return cache_key.project_key(root, cache_key.LockInputs(**recorded))
    inputs = cache_key.lock_inputs(root)
    layer_cache.keep_record(key, inputs._asdict())
    return cache_key.project_key(root, inputs)


def place_build(root: Path, record: BuildRecord, placed: PlacedFiles) -> bool:
    """Write every file of a build, then layers.json; return False, without layers.json, if the cache lacks a file."""
    if not all(placed.place(path, digest) for path, digest in record["files"].items()):
        return False
    text = (json.dumps(record["manifest"], indent=2) + "\n").encode()
    where = root / manifest.MANIFEST_PATH
    if not where.exists() or where.read_bytes() != text:
        cache.write_atomically(where, text)
    _remove_old_layers(root, record["files"])
    placed.save()
    return True


def _remove_old_layers(root: Path, files: Iterable[str]) -> None:
    """Remove files that layers.json no longer names after a day: until then a synthesis may read them."""
    current = {Path(path).name for path in files} | {manifest.MANIFEST_PATH.name}
    for path in (root / manifest.MANIFEST_PATH.parent).iterdir():
        with suppress(OSError):  # another build may remove it at the same time
            if path.name not in current and time.time() - path.stat().st_mtime > _DAY:
                path.unlink()
