"""The tables of uv.lock, version 1. For type checkers.

Source: uv documentation, "Project structure and files", The lockfile.
"""

from __future__ import annotations

from typing import TypedDict


class PackageFile(TypedDict, total=False):
    url: str
    path: str
    filename: str
    hash: str


class Need(TypedDict, total=False):
    """A package that another one needs."""

    name: str
    marker: str
    extra: list[str]


# `optional-dependencies` and `resolution-markers` cannot be names in a class.
PackageTable = TypedDict(
    "PackageTable",
    {
        "name": str,
        "version": str,
        "source": dict[str, str],
        "sdist": PackageFile,
        "wheels": list[PackageFile],
        "dependencies": list[Need],
        "optional-dependencies": dict[str, list[Need]],
        "resolution-markers": list[str],
    },
    total=False,
)


class UvLock(TypedDict, total=False):
    """The lock."""

    package: list[PackageTable]
