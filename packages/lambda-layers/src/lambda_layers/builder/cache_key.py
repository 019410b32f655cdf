"""The cache key of a build, from all its inputs. Imports the standard library only, so that it is fast."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import zlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from lambda_layers import toml_files
from lambda_layers.locks import lockfile
from lambda_layers.selection import function_layers
from lambda_layers.subprocesses import find_tool
from lambda_layers.target import interpreter

_PROJECT_FIELDS = ("dependencies", "optional-dependencies", "requires-python")
# Folders that are not part of a local package. `build` and `dist` are ignored at the top only: further down they may be
# packages.
_IGNORED = {".git", "__pycache__", ".venv", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
_BUILD_FOLDERS = {"build", "dist"}


class LockInputs(NamedTuple):
    """The inputs in pyproject.toml and the lock, which depend on nothing but the bytes of these files.

    content: the digest of the settings, the groups and the lock. local: the paths of local packages.
    """

    content: str
    local: list[str]
    python: str
    tool: str


def project_key(root: Path, inputs: LockInputs | None = None) -> str:
    """Return the key of all layers of a project. It does not depend on the project's folder."""
    content, local, python, tool = inputs or lock_inputs(root)
    libraries = [(path, library_key(root / path)) for path in local]
    return digest(content, libraries, function_layers.functions(root), toolchain(root, python, tool))


def lock_inputs(root: Path) -> LockInputs:
    """Read pyproject.toml and the lock."""
    pyproject = toml_files.read_toml(root / "pyproject.toml")
    project, tool_tables = pyproject.get("project", {}), pyproject.get("tool", {})
    layers = tool_tables.get("layers", {})
    kind = lockfile.of_project(root, pyproject)
    lock = kind.read_text(root)
    content = digest(
        [project.get(name) for name in _PROJECT_FIELDS],
        [pyproject.get("dependency-groups"), tool_tables.get(kind.tool), layers],
        hashlib.sha256(lock.encode()).hexdigest(),
    )
    python = str(layers.get("python") if isinstance(layers, dict) else layers)
    return LockInputs(content, _local_sources(lock, kind), python, kind.tool)


def lock_inputs_key(root: Path) -> str:
    """Return the key of the files that `lock_inputs` reads, and of the builder, which decides how."""
    names = ["pyproject.toml", *(kind.name for kind in lockfile.LOCKFILES)]
    paths = [root / name for name in names if (root / name).exists()]
    files = [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in paths]
    return digest("lock inputs", files, _source_digest(__file__))


def _local_sources(lock: str, kind: lockfile.Lockfile) -> list[str]:
    """Return the paths of local packages in the lock, by pattern: parsing the whole lock takes ten times as long."""
    if kind is lockfile.UV:
        lines = re.findall(r"^source = \{ (?:directory|editable|path|virtual) = .*$", lock, re.MULTILINE)
        sources = [toml_files.parse(line.encode())["source"] for line in lines]
        return [path for source in sources for path in source.values() if path != "."]
    texts = re.findall(r"^\[package\.source\]\n(.*?)(?=^\[|\Z)", lock, re.MULTILINE | re.DOTALL)
    tables = [toml_files.parse(text.encode()) for text in texts if "directory" in text or "file" in text]
    return [table["url"] for table in tables if table["type"] in {"directory", "file"}]


def digest(*parts: object) -> str:
    """Return the key of values that JSON can hold."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def toolchain(root: Path, python: str, tool: str = lockfile.POETRY.tool) -> list[object]:
    """Return the versions of the tools that process the lock: this builder, the lock's tool, uv, compiler, deflate."""
    return [*compilers(python), _tools(root, tool)]


def compilers(python: str) -> list[object]:
    """Return the versions of the tools that write a zip: this builder, the bytecode compiler, deflate."""
    compiler = sys.version if interpreter.is_running_version(python) else interpreter.candidates(python)
    return [_source_digest(__file__), compiler, zlib.ZLIB_RUNTIME_VERSION]


@lru_cache
def _source_digest(module: str) -> str:
    package = os.path.dirname(os.path.dirname(module))  # noqa: PTH120 - pathlib takes as long as reading the files
    paths = [f"{folder}/{name}" for folder, _, names in os.walk(package) for name in names if name.endswith(".py")]
    source = hashlib.sha256()
    for path in sorted(paths):
        with open(path, "rb", buffering=0) as module_file:  # noqa: PTH123 - as above
            source.update(module_file.read() + b"\0")
    return source.hexdigest()


def _tools(root: Path, tool: str) -> object:
    pins = root / "requirements-tools.txt"
    if pins.exists() and (root / ".tools").exists():
        return hashlib.sha256(pins.read_bytes()).hexdigest()
    programs = [Path(find_tool(name, root)).resolve() for name in sorted({tool, "uv"})]
    return [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in programs]


def library_key(path: Path) -> str:
    """Return the key of a local package: of its file, or of everything in its folder that matters to a wheel."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    digests: list[tuple[str, str]] = []
    for file in files:
        name = file.relative_to(path)
        if not is_ignored(name.parts):
            digests.append((name.as_posix(), hashlib.sha256(file.read_bytes()).hexdigest()))
    return digest(digests)


def is_ignored(parts: tuple[str, ...]) -> bool:
    """Return whether a path in a local package's folder is a leftover of builds and checks."""
    leftover = bool(_IGNORED & {*parts}) or bool(_BUILD_FOLDERS & {*parts[:1]})
    return leftover or any(part.endswith((".egg-info", ".pyc")) for part in parts)
