"""The closure of each group, read from poetry.lock itself where the result equals that of `poetry export`.

Poetry takes longer to start than a small layer takes to build. Since lock version 2.1 each package has its groups and a
marker for each, so that an export is a selection. Tests compare both results for many locks. Poetry itself exports what
they do not cover: a stale or old lock, commits, URLs, unusual ranges of Python versions.

Source: poetry-plugin-export, `Exporter` and `get_project_dependency_packages2`; Poetry, `Locker.is_fresh`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from lambda_layers import toml_files
from lambda_layers.locks.pin import Pin, source_of
from lambda_layers.poetry.constraints import marker_of
from lambda_layers.target.platform import MACHINES, Target

if TYPE_CHECKING:
    from lambda_layers.poetry.lock_toml import PackageTable, PoetryLock

_LOCK_VERSION = "2.1"
_PROJECT_KEYS = ("requires-python", "dependencies", "optional-dependencies")
_POETRY_KEYS = ("dependencies", "source", "extras", "dev-dependencies")
# Poetry refuses a project that requires another version of Poetry, or plugins that are missing.
_POETRY_DECIDES = ("requires-poetry", "requires-plugins", "build-constraints")
# Two components at most: the target has no patch version that could be compared with a third one.
_PYTHON_CLAUSE = re.compile(r"(?:(?:>=|<|~=|\^|~)\d+\.\d+|<\d+|==\d+\.\d+\.\*)")
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")
# A marker that always requires an extra; layers use none.
_ONLY_IN_EXTRA = re.compile(r'(?:^|\band )extra == "[^"]*"(?= and |$)')
_PYTHON_VARIABLE = re.compile(r"\bpython_(?:full_)?version\b")
_SOME_TARGETS = [Target(f"3.{minor}", machine) for minor in range(8, 20) for machine in MACHINES]


class _UnknownForm(Exception):
    """The lock has something that only Poetry can be relied on to read."""


def read_closures(root: Path, groups: Sequence[str]) -> dict[str, list[Pin]] | None:
    """Return group -> its packages, as `poetry export --only GROUP` does; None if Poetry has to export them."""
    if not (root / "poetry.lock").exists():
        return None
    pyproject = toml_files.read_toml(root / "pyproject.toml")
    lock = cast("PoetryLock", toml_files.read_toml(root / "poetry.lock"))
    metadata = lock.get("metadata", {})
    if metadata.get("lock-version") != _LOCK_VERSION or metadata.get("content-hash") != _content_hash(pyproject):
        return None
    try:
        python = _python_marker(pyproject, metadata.get("python-versions"))
        return {group: _closure(root, lock.get("package", []), group, python) for group in groups}
    except _UnknownForm:
        return None


def _content_hash(pyproject: Mapping[str, Any]) -> str | None:
    """Return the content-hash that Poetry writes into the lock of this pyproject.toml; None if it has a date."""
    project, groups, poetry = pyproject.get("project", {}), pyproject.get("dependency-groups", {}), _poetry(pyproject)
    relevant = {key: project[key] for key in _PROJECT_KEYS if key in project}
    modern = bool(relevant or groups)
    table = {key: poetry.get(key) for key in _POETRY_KEYS if key in poetry or not modern}
    table |= {"group": poetry["group"]} if "group" in poetry else {}
    content: dict[str, Any] = {"project": relevant} if relevant else {}
    content |= {"dependency-groups": groups} if groups else {}
    content = {**content, "tool": {"poetry": table}} if content else table
    try:
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    except TypeError:  # a date, which TOML can hold
        return None


def _poetry(pyproject: Mapping[str, Any]) -> Mapping[str, Any]:
    table: Mapping[str, Any] = pyproject.get("tool", {}).get("poetry", {})
    return table


def _python_marker(pyproject: Mapping[str, Any], locked: object) -> str:
    """Return the project's range of Python versions as a marker, which Poetry adds to each package's marker."""
    poetry = _poetry(pyproject)
    constraint = poetry.get("dependencies", {}).get("python")
    python = constraint if constraint is not None else pyproject.get("project", {}).get("requires-python")
    if not isinstance(python, str) or python != locked or any(key in poetry for key in _POETRY_DECIDES):
        raise _UnknownForm
    if not all(_PYTHON_CLAUSE.fullmatch(clause.strip()) for clause in python.split(",")):
        raise _UnknownForm
    return marker_of({"python": python})


def _closure(root: Path, packages: Sequence[PackageTable], group: str, python: str) -> list[Pin]:
    pins = (pin for package in packages for pin in _pins(root, package, group, python))
    return sorted(pins, key=lambda pin: (pin.name, pin.version))


def _pins(root: Path, package: PackageTable, group: str, python: str) -> Iterator[Pin]:
    """Yield the package, unless it is not in the group, or in an extra only."""
    if "groups" not in package:
        raise _UnknownForm
    group_name = next((name for name in package["groups"] if canonicalize_name(name) == group), None)
    if group_name is None:
        return
    markers = package.get("markers", "*")
    marker = markers if isinstance(markers, str) else markers.get(group_name, "*")
    if " or " not in marker and _ONLY_IN_EXTRA.search(marker):
        return
    if "extra" in marker:
        raise _UnknownForm
    combined = " and ".join(f"({part})" for part in (python, marker) if part != "*")
    # Poetry writes no marker where the two contradict each other; it never locks such a package.
    if _PYTHON_VARIABLE.search(marker) and not any(target.accepts(combined) for target in _SOME_TARGETS):
        raise _UnknownForm
    yield _pin(root, package, combined)


def _pin(root: Path, package: PackageTable, marker: str) -> Pin:
    source, files = package.get("source", {}), [file["hash"] for file in package.get("files", ())]
    if not source.keys() <= {"type", "url", "reference"} or not all(map(_SHA256.fullmatch, files)):
        raise _UnknownForm
    name, hashes = canonicalize_name(package["name"]), tuple(sorted(files))
    match source.get("type"):
        case None | "legacy" if files:
            index = source_of(source.get("reference", ""), source["url"]) if source else None
            return Pin(name, _version(package), marker, hashes, source=index)
        case "directory" | "file" if bool(files) == (source["type"] == "file"):
            return Pin(name, "", marker, hashes, _path(root, source["url"]))
        case _:
            raise _UnknownForm


def _version(package: PackageTable) -> str:
    version: str = package["version"]
    try:
        if str(Version(version)) == version:
            return version
    except InvalidVersion:
        pass
    raise _UnknownForm


def _path(root: Path, url: str) -> str:
    if Path(os.path.relpath((root / url).resolve(), root)).as_posix() != url:
        raise _UnknownForm  # a link, for example
    return url
