"""Small shell scripts on the search path of builds and functions."""

from __future__ import annotations

from pathlib import Path


def write_script(path: Path, text: str) -> None:
    """Write an executable script of /bin/sh."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
