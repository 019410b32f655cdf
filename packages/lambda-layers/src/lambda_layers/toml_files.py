"""The project's pyproject.toml and lock, parsed with the standard library only."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from lambda_layers.errors import WrongUse


def read_toml(path: Path) -> dict[str, Any]:
    """Parse one file; callers share the result and never change it.

    Raises WrongUse, with its path and the line, if it is not TOML in UTF-8.
    """
    content = path.read_bytes()
    try:
        return parse(content)
    except ValueError as error:
        conflict = b"\n<<<<<<< " in b"\n" + content
        advice = f"; git left a conflict there: take one side of {path.name}, then lock again" if conflict else ""
        raise WrongUse(f"{path}: {error}{advice}") from error


@lru_cache(maxsize=32)
def parse(content: bytes) -> dict[str, Any]:
    """Parse the bytes of a file. Raises ValueError if they are not TOML in UTF-8."""
    import tomllib  # noqa: PLC0415 - a build with nothing to do parses no file

    # A build reads each file several times. Parsing a lock takes longer than reading it by a factor of a hundred.
    return tomllib.loads(content.decode())
