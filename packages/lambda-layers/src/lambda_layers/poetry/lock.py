"""Parsing of poetry.lock into the graph of its packages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lambda_layers.locks import groups
from lambda_layers.locks.graph import Lock, LockedPackage
from lambda_layers.locks.pin import Source, source_of
from lambda_layers.requirements import read_leniently

if TYPE_CHECKING:
    from lambda_layers.poetry.lock_toml import PackageTable, PoetryLock


def parse_lock(lock: PoetryLock, pyproject: Mapping[str, Any]) -> Lock:
    """Return the graph of poetry.lock, with the requirements of pyproject.toml."""
    packages: dict[str, tuple[LockedPackage, ...]] = {}
    for package in map(_parse_package, lock.get("package", [])):
        packages[package.name] = (*packages.get(package.name, ()), package)
    return Lock(packages, groups.requirements_by_group(pyproject), groups.requirements_by_extra(pyproject))


def _parse_package(table: PackageTable) -> LockedPackage:
    extras: dict[str, tuple[Requirement, ...]] = {
        canonicalize_name(name): tuple(_leniently(needs)) for name, needs in table.get("extras", {}).items()
    }
    files = {file["file"]: file["hash"].removeprefix("sha256:") for file in table.get("files", [])}
    markers = table.get("markers", "")
    if isinstance(markers, dict):  # of each group
        markers_of_groups = tuple(markers.get(group, "") for group in table.get("groups", markers))
    else:
        markers_of_groups = (markers,)
    name, needs = canonicalize_name(table["name"]), table.get("dependencies", {})
    (source,) = package_sources([table]).values() or (None,)
    return LockedPackage(name, table["version"], needs, extras, files, markers_of_groups, source)


def package_sources(locked: Iterable[PackageTable]) -> dict[frozenset[str], Source | None]:
    """Return, by the hashes of its files, the index of each package that is not from the default index.

    One version of a package may be in the lock twice, from two indexes for two platforms.
    """
    return {
        frozenset(file["hash"] for file in package.get("files", [])): source_of(
            source.get("reference", ""), source["url"]
        )
        for package in locked
        if (source := package.get("source", {})).get("type") == "legacy"
    }


def _leniently(needs: Iterable[str]) -> Iterator[Requirement]:
    """Yield the requirements that have a name: older Poetry wrote contradictory extras as `name (<empty>)`."""
    yield from filter(None, map(read_leniently, needs))
