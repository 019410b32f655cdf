"""Poetry's lock, handed over by `poetry export`: names, versions, markers and hashes of one group's closure."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lambda_layers import toml_files
from lambda_layers.errors import LayersError, WrongUse
from lambda_layers.locks.pin import Pin, Source, source_of
from lambda_layers.subprocesses import find_tool, run

# Poetry takes half a second to start and a tenth to export: all groups are exported by one of it.
_EXPORT = """
import sys
from cleo.io.inputs.argv_input import ArgvInput
from poetry.console.application import Application
for group, path in zip(sys.argv[1::2], sys.argv[2::2]):
    application = Application()
    application.auto_exits(False)
    status = application.run(ArgvInput(["poetry", "export", "--only", group, "--output", path]))
    if status:
        sys.exit(status)
"""


def export(root: Path, groups: Sequence[str]) -> dict[str, list[Pin]]:
    """Group -> its closure; raises WrongUse where the lock is missing, LayersError where it is stale."""
    if not (root / "poetry.lock").exists():
        raise WrongUse(f"there is no poetry.lock in {root}; make it with `poetry lock` and commit it")
    poetry, locked = Path(find_tool("poetry", root)), toml_files.read_toml(root / "poetry.lock").get("package", [])
    try:
        texts = _export_in_one_process(poetry.resolve().parent / "python", root, groups)
    except _UnusableInterpreter:
        texts = _export_each_group(str(poetry), root, groups)
    folders, sources = _directory_packages(locked), package_sources(locked)
    pins = {group: parse(text, root, folders) for group, text in zip(groups, texts, strict=True)}
    return {
        group: [replace(pin, source=sources.get(frozenset(pin.hashes))) for pin in found]
        for group, found in pins.items()
    }


class _UnusableInterpreter(Exception):
    """What lies beside Poetry is no interpreter that can import it: a shim, or the system's."""


def _export_in_one_process(python: Path, root: Path, groups: Sequence[str]) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="layers-") as scratch:
        files = [Path(scratch) / f"{index}.txt" for index in range(len(groups))]
        arguments = [part for group, file in zip(groups, files, strict=True) for part in (group, str(file))]
        shown = ["poetry", "export", "--only", ",".join(groups)]
        try:
            run([str(python), "-c", _EXPORT, *arguments], cwd=root, shown=shown)
        except FileNotFoundError as error:
            raise _UnusableInterpreter from error
        except LayersError as error:
            if "ModuleNotFoundError" in str(error):
                raise _UnusableInterpreter from error
            raise
        return [file.read_text() for file in files]


def _export_each_group(poetry: str, root: Path, groups: Sequence[str]) -> list[str]:
    return [run([poetry, "export", "--only", group], cwd=root) for group in groups]


def parse(text: str, root: Path, editable: Mapping[str, str] = MappingProxyType({})) -> list[Pin]:
    """The pins of an exported requirements file; local paths become relative to `root`.

    editable: path below `root` -> name, because `-e file:///path`, as Poetry writes it, names no package.
    """
    lines = (line.strip() for line in text.replace("\r\n", "\n").replace("\\\n", "").splitlines())
    named = (_name_editable(line, root, editable) if line.startswith("-e ") else line for line in lines)
    return [_parse_pin(line, root) for line in named if line and line[0] not in "#-"]


def _name_editable(line: str, root: Path, editable: Mapping[str, str]) -> str:
    url, *marker = line.removeprefix("-e ").split(" ; ", 1)
    name = editable.get(_url(url, root))
    if name is None:
        raise LayersError(f"`{line}` of poetry export is a folder that poetry.lock does not name; run `poetry lock`")
    return " ; ".join([f"{name} @ {url}", *marker])


def _directory_packages(locked: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    sources = ((package["name"], package.get("source", {})) for package in locked)
    return {source["url"]: name for name, source in sources if source.get("type") == "directory"}


def package_sources(locked: Iterable[Mapping[str, Any]]) -> dict[frozenset[str], Source | None]:
    """Return the index of each package of poetry.lock that is not from the default index, by the hashes of its files.

    One version of a package may be in the lock twice, from two indexes for two platforms.
    """
    return {
        frozenset(file["hash"] for file in package.get("files", [])): source_of(
            source.get("reference", ""), source["url"]
        )
        for package in locked
        if (source := package.get("source", {})).get("type") == "legacy"
    }


def _parse_pin(line: str, root: Path) -> Pin:
    text, *hashes = (part.strip() for part in line.split(" --hash="))
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise LayersError(f"poetry export wrote `{text}`, which is no requirement: {error}") from error
    exact = [given.version for given in requirement.specifier if given.operator == "=="]
    if not exact and requirement.url is None:
        raise LayersError(f"`{text}` of the lock is neither pinned to one version nor to a path or a commit")
    name, marker = canonicalize_name(requirement.name), str(requirement.marker or "")
    return Pin(name, exact[0] if exact else "", marker, tuple(sorted(hashes)), _url(requirement.url, root))


def _url(url: str | None, root: Path) -> str:
    if url is None or not url.startswith("file:"):
        return url or ""
    return Path(os.path.relpath(unquote(url.removeprefix("file://")), root)).as_posix()
