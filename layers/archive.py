"""A zip whose bytes depend on nothing but names and contents of the files in it."""

from __future__ import annotations

import zipfile
from pathlib import Path

# The first moment that a zip can hold.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_LEVEL = 6


def pack(folder: Path, archive: Path) -> int:
    """Write every file below `folder` (named `python` there) into `archive`; the sum of their sizes in bytes."""
    files = sorted((path.relative_to(folder.parent).as_posix(), path) for path in folder.rglob("*") if path.is_file())
    size = 0
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, path in files:
            content = path.read_bytes()
            size += len(content)
            zipped.writestr(_entry(name), content, zipfile.ZIP_DEFLATED, _LEVEL)
    return size


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = _UNIX
    # Lambda's user must be able to read, and nothing in a layer is run as a program.
    entry.external_attr = 0o100644 << 16
    return entry
