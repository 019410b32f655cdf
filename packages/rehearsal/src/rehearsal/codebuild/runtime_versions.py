"""Comparison of versions of runtimes with what a buildspec requests."""

from __future__ import annotations

import re


def is_version(version: str, requested: str) -> bool:
    """Return whether a version matches a requested one: `3.13.0` matches 3.13, 3.13.0, 3.x and latest."""
    if requested == "latest":
        return True
    parts = requested.removesuffix(".x").split(".")
    return version.split(".")[: len(parts)] == parts


def version_numbers(version: str) -> tuple[int, ...]:
    """Return a key that sorts versions."""
    return tuple(int(part) for part in re.findall(r"\d+", version))
