"""Parsing of requirements files that `poetry export` and `uv export` write."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lambda_layers.errors import LayersError
from lambda_layers.locks.pin import Pin, Source


def parse(
    text: str,
    root: Path,
    local: Mapping[str, str] = MappingProxyType({}),
    sources: Mapping[frozenset[str], Source | None] = MappingProxyType({}),
) -> list[Pin]:
    """Return the pins of a requirements file, sorted by name. Local paths become relative to `root`.

    local: path relative to `root` -> name, because `-e file:///path` and `./path` have no package name.
    sources: the hashes of a package's files -> its index, if that is not the default one. Raises LayersError for a line
    that is not pinned.
    """
    lines = (line.strip() for line in text.replace("\r\n", "\n").replace("\\\n", "").splitlines())
    named = (_name_local(line, root, local) if line.startswith(("-e ", ".", "/")) else line for line in lines)
    pins = [_parse_pin(line, root, sources) for line in named if line and line[0] not in "#-"]
    return sorted(pins, key=lambda pin: pin.name)


def _name_local(line: str, root: Path, local: Mapping[str, str]) -> str:
    path, *rest = line.removeprefix("-e ").partition(" ")
    name = local.get(_url(path, root))
    if name is None:
        raise LayersError(f"`{line}` of the export is a path that the lock does not name; lock again")
    return f"{name} @ {path if ':' in path else (root / path).resolve().as_uri()}{''.join(rest)}"


def _parse_pin(line: str, root: Path, sources: Mapping[frozenset[str], Source | None]) -> Pin:
    text, *hashes = (part.strip() for part in line.split(" --hash="))
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise LayersError(f"the export of the lock has `{text}`, which is not a requirement: {error}") from error
    exact = [specifier.version for specifier in requirement.specifier if specifier.operator == "=="]
    if not exact and requirement.url is None:
        raise LayersError(f"`{text}` of the lock is neither pinned to one version nor to a path or a commit")
    name, marker = canonicalize_name(requirement.name), str(requirement.marker or "")
    source = sources.get(frozenset(hashes)) if hashes else None
    version, url = exact[0] if exact else "", _url(requirement.url, root)
    return Pin(name, version, marker, tuple(sorted(hashes)), url, source)


def _url(url: str | None, root: Path) -> str:
    if url is None or "://" in url.removeprefix("file://"):
        return url or ""
    return Path(os.path.relpath(root / unquote(url.removeprefix("file://")), root)).as_posix()
