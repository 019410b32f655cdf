"""Parsing of uv.lock into the graph of its packages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lambda_layers.locks import groups
from lambda_layers.locks.graph import DependencyTable, Lock, LockedPackage
from lambda_layers.locks.pin import Source, source_of

if TYPE_CHECKING:
    from lambda_layers.uv.lock_toml import Need, PackageFile, PackageTable, UvLock


def parse_lock(lock: UvLock, pyproject: Mapping[str, Any]) -> Lock:
    """Return the graph of uv.lock, with the requirements of pyproject.toml."""
    packages: dict[str, tuple[LockedPackage, ...]] = {}
    for table in lock.get("package", []):
        if {"virtual", "editable"} & table.get("source", {}).keys() and "." in table["source"].values():
            continue  # the project itself
        package = _parse_package(table, pyproject)
        packages[package.name] = (*packages.get(package.name, ()), package)
    return Lock(packages, groups.requirements_by_group(pyproject), groups.requirements_by_extra(pyproject))


def _parse_package(table: PackageTable, pyproject: Mapping[str, Any]) -> LockedPackage:
    needs: dict[str, list[DependencyTable]] = {}
    for need in table.get("dependencies", []):
        option: DependencyTable = {"markers": need.get("marker", ""), "extras": need.get("extra", [])}
        needs.setdefault(canonicalize_name(need["name"]), []).append(option)
    extras: dict[str, tuple[Requirement, ...]] = {
        canonicalize_name(name): tuple(map(_requirement, requirements))
        for name, requirements in table.get("optional-dependencies", {}).items()
    }
    files = {_file_name(file): file["hash"].removeprefix("sha256:") for file in _package_files(table) if "hash" in file}
    (source,) = package_sources([table], pyproject).values() or (None,)
    return LockedPackage(
        name=canonicalize_name(table["name"]),
        version=table.get("version", ""),
        dependencies=needs,
        extras=extras,
        files=files,
        markers=tuple(table.get("resolution-markers", [])) or ("",),
        source=source,
    )


def package_sources(
    packages: Iterable[PackageTable], pyproject: Mapping[str, Any]
) -> dict[frozenset[str], Source | None]:
    """Return, by the hashes of its files, the index of each package that is not from the default index."""
    indexes = pyproject.get("tool", {}).get("uv", {}).get("index", [])
    names = {index["url"].rstrip("/"): index["name"] for index in indexes if "name" in index}
    return {
        frozenset(file["hash"] for file in _package_files(package) if "hash" in file): source_of(
            names.get(registry.rstrip("/"), urlsplit(registry).hostname or "local"), registry
        )
        for package in packages
        if (registry := package.get("source", {}).get("registry"))
    }


def _package_files(package: PackageTable) -> list[PackageFile]:
    """Return the files that a package may be installed from, its source distribution first."""
    return [*([package["sdist"]] if "sdist" in package else []), *package.get("wheels", [])]


def _requirement(need: Need) -> Requirement:
    extras = f"[{','.join(need['extra'])}]" if need.get("extra") else ""
    return Requirement(f"{need['name']}{extras}" + (f" ; {need['marker']}" if need.get("marker") else ""))


def _file_name(file: PackageFile) -> str:
    path = file.get("filename") or urlsplit(file.get("url") or file.get("path") or "").path
    return unquote(str(path).rpartition("/")[2])
