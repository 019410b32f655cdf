"""A build that was made before: put in place without Poetry, uv or anything that takes time to import."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from layers import cache, key, manifest


def reuse(root: Path) -> bool:
    """Whether build/layers/ now holds what the lock and settings say, without building anything."""
    try:
        kept = cache.Cache(cache.folder())
        found = kept.record(key.of_project(root))
    except (OSError, ValueError):
        return False  # what is wrong with the project, the build itself says in words
    return found is not None and put(root, found, kept)


def put(root: Path, found: dict[str, Any], kept: cache.Cache) -> bool:
    """Put every file of a manifest in place, then the manifest; False where a file is in no place undamaged."""
    files = [(layer["sha256"], layer["zip"]) for layer in found["layers"]]
    if not all(kept.fetch(digest, root / path) for digest, path in files):
        return False
    text = (json.dumps(found, indent=2) + "\n").encode()
    where = root / manifest.WHERE
    if not where.exists() or where.read_bytes() != text:
        cache.replace(where, text)
    return True
