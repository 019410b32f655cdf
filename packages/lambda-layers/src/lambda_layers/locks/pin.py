"""One locked package, as its lock names it: version, marker, hashes, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pin:
    """One locked package: from an index (`hashes` then hold what its files may be), or from `url`.

    `url` is empty, a path below the project's folder, or `git+https://...@commit`; those have no hashes.
    """

    name: str
    version: str = ""
    marker: str = ""
    hashes: tuple[str, ...] = ()
    url: str = ""
