"""What was built before: files by the digest of their bytes, and records by the key of what made them.

Everything is written beside its place and moved there, so that a killed build leaves nothing half. What is read is
checked against its digest, so that a damaged entry counts as absent.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any, NamedTuple


def folder() -> Path:
    """`${XDG_CACHE_HOME:-~/.cache}/lambda-layers-pipeline`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lambda-layers-pipeline"


class Cache(NamedTuple):
    """The cache in one folder; many builds may use it at once."""

    folder: Path

    def record(self, key: str) -> Any:
        """What was kept under `key`, or None."""
        try:
            digest, _, body = (self.folder / "records" / key).read_text().partition("\n")
        except (OSError, UnicodeDecodeError):
            return None
        return json.loads(body) if hashlib.sha256(body.encode()).hexdigest() == digest else None

    def keep_record(self, key: str, value: Any) -> None:
        """Keep `value` (what JSON can hold) under `key`."""
        body = json.dumps(value)
        content = f"{hashlib.sha256(body.encode()).hexdigest()}\n{body}"
        replace(self.folder / "records" / key, content.encode())

    def keep_file(self, path: Path, digest: str) -> None:
        """Keep the bytes of `path`, whose digest the caller knows."""
        place(path, self.folder / "files" / digest)

    def fetch(self, digest: str, to: Path) -> bool:
        """Make `to` the file with this digest; False where neither `to` nor the cache has it undamaged."""
        if sha256(to) == digest:
            return True
        kept = self.folder / "files" / digest
        if sha256(kept) != digest:
            return False
        place(kept, to)
        return True


def sha256(path: Path) -> str | None:
    """The digest of a file's bytes; None where there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def replace(path: Path, content: bytes) -> None:
    """Write a file so that others see the old one or the new one, never half."""
    temporary = _beside(path)
    temporary.write_bytes(content)
    temporary.replace(path)


def place(path: Path, to: Path) -> None:
    """Copy a file so that others see the old one or the new one, never half."""
    temporary = _beside(to)
    shutil.copyfile(path, temporary)
    temporary.replace(to)


def _beside(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name}.{os.getpid()}")
