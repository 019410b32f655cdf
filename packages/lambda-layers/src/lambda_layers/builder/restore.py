"""A build that was made before: put in place without Poetry, uv or anything that takes time to import."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from lambda_layers import manifest
from lambda_layers.builder import cache, cache_key
from lambda_layers.builder.function_code import CodeBuilder
from lambda_layers.target import limits

_DAY = 24 * 3600


class Restored(NamedTuple):
    """A build that needed neither Poetry nor uv: `new` names the functions whose code was built."""

    warnings: list[str]
    new: tuple[str, ...] = ()


def restore_build(root: Path) -> Restored | None:
    """Have build/layers/ hold what the lock and settings say, without building a layer; None where that can't be.

    The code of functions is built where it changed. Raises LayersError where that fails, and where a function is beyond
    Lambda's limits.
    """
    try:
        kept = cache.Cache(cache.default_folder())
        layers = kept.record(cache_key.project_key(root))
    except (OSError, ValueError):
        return None  # what is wrong with the project, the build itself says in words
    if layers is None:
        return None
    code = CodeBuilder(root, layers["manifest"]["target"]["python"], kept).build()
    found = code.add_to(layers)
    warnings = [*layers.get("warnings", ()), *code.warnings, *limits.check(found["manifest"])]
    return Restored(warnings, code.new) if place_files(root, found, kept) else None


def place_files(root: Path, found: dict[str, Any], kept: cache.Cache) -> bool:
    """Put every file of a build in place, then layers.json; False where a file is in no place undamaged."""
    if not all(kept.fetch(digest, root / path) for path, digest in found["files"].items()):
        return False
    text = (json.dumps(found["manifest"], indent=2) + "\n").encode()
    where = root / manifest.MANIFEST_PATH
    if not where.exists() or where.read_bytes() != text:
        cache.write_atomically(where, text)
    _remove_old_layers(root, found["files"])
    return True


def _remove_old_layers(root: Path, files: Iterable[str]) -> None:
    """Remove layers that layers.json names no more, a day after they were made: a synthesis may still read them."""
    kept = {Path(path).name for path in files} | {manifest.MANIFEST_PATH.name}
    for path in (root / manifest.MANIFEST_PATH.parent).iterdir():
        with suppress(OSError):  # another build tidies as well
            if path.name not in kept and time.time() - path.stat().st_mtime > _DAY:
                path.unlink()
