"""Atomic file writes: a reader sees the old content or the new content, never a part of it."""

from __future__ import annotations

import json
import os
from pathlib import Path


def write_json(path: Path, value: object) -> None:
    """Write a value as indented JSON, atomically."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def write_text(path: Path, text: str, mode: int = 0o600) -> None:
    """Write text to a temporary file with this mode, then rename it to `path`. Raises OSError.

    Each call has a temporary file of another name, because threads write one path.
    """
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        temporary.touch(mode=0o600)
        temporary.write_text(text)
        temporary.chmod(mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
