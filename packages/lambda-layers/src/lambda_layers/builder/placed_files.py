"""The files in build/layers/. Each is compared with its digest once, and read again only after a change.

A file is unchanged while its device, inode, size, modification time and change time are the same, as in git's index.
Programs can restore all of them except the change time, which only the kernel sets.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from lambda_layers.builder import cache_key
from lambda_layers.builder.cache import Cache, sha256

# The kernel's clock may show the same time before and after a change: for a few milliseconds, or 2 s on FAT.
_CLOCK_STEP_NS = 3 * 10**9


class PlacedFiles:
    """The files of one project. The cache has path -> digest and identity of those that were compared."""

    def __init__(self, root: Path, cache: Cache) -> None:
        """Read which files were compared by earlier builds."""
        self._root, self._cache = root, cache
        self._key = cache_key.digest("placed files", str(root))
        self._recorded: dict[str, list[str | int]] = cache.record(self._key) or {}
        self._compared = {**self._recorded}

    def place(self, path: str, digest: str) -> bool:
        """Copy a file from the cache, unless it is there; return False if neither place has it undamaged."""
        file = self._root / path
        identity = _identity(file)
        if identity and self._compared.get(path) == [digest, *identity]:
            return True
        started = time.time_ns()
        if identity and sha256(file) == digest:
            if started - identity[-1] > _CLOCK_STEP_NS:
                self._compared[path] = [digest, *identity]
            return True
        if not self._cache.copy_to(digest, file):
            return False
        self._compared[path] = [digest, *_identity(file)]
        return True

    def save(self) -> None:
        """Record the files that were compared and still exist."""
        existing = {path: known for path, known in self._compared.items() if (self._root / path).exists()}
        if existing != self._recorded:
            self._cache.keep_record(self._key, existing)


def _identity(file: Path) -> list[int]:
    """Return device, inode, size, modification time and change time; nothing for a missing file."""
    try:
        status = os.stat(file)  # noqa: PTH116 - for each file of a build with nothing to do
    except FileNotFoundError:
        return []
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
