"""The tables of poetry.lock, versions 1.1 to 2.1. For type checkers.

Source: Poetry, `poetry.packages.locker`.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from lambda_layers.locks.graph import Dependency


class LockedFile(TypedDict):
    """A file of a package; the hash begins with its algorithm."""

    file: str
    hash: str


class PackageSource(TypedDict, total=False):
    """Where a package comes from, unless that is PyPI."""

    type: str
    url: str
    reference: str
    resolved_reference: str
    subdirectory: str


class PackageTable(TypedDict):
    """One version of a package. `markers`: for all groups, or for each; `groups` is in locks since 2.1."""

    name: str
    version: str
    files: NotRequired[list[LockedFile]]
    groups: NotRequired[list[str]]
    markers: NotRequired[str | dict[str, str]]
    dependencies: NotRequired[dict[str, Dependency]]
    extras: NotRequired[dict[str, list[str]]]
    source: NotRequired[PackageSource]


class PoetryLock(TypedDict, total=False):
    package: list[PackageTable]
    metadata: dict[str, str]
