"""The cache key of a build, from all its inputs. Imports the standard library only, so that it is fast."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
import zlib
from pathlib import Path

from lambda_layers import toml_files
from lambda_layers.locks import lockfile
from lambda_layers.selection import function_layers
from lambda_layers.subprocesses import find_tool
from lambda_layers.target import interpreter

_PROJECT_FIELDS = ("dependencies", "optional-dependencies", "requires-python")
_SOURCE_TABLE = re.compile(r"^\[package\.source\]\n(.*?)(?=^\[|\Z)", re.MULTILINE | re.DOTALL)
_UV_SOURCE = re.compile(r"^source = \{ (?:directory|editable|path|virtual) = .*$", re.MULTILINE)
# Folders that are not part of a local package. `build` and `dist` are ignored at the top only: further down they may be
# packages.
_IGNORED = {".git", "__pycache__", ".venv", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
_BUILD_FOLDERS = {"build", "dist"}


def project_key(root: Path) -> str:
    """Return the key of all layers of a project. It does not depend on the project's folder."""
    pyproject = toml_files.read_toml(root / "pyproject.toml")
    project, tool_tables = pyproject.get("project", {}), pyproject.get("tool", {})
    layers = tool_tables.get("layers", {})
    found = lockfile.of_project(root, pyproject)
    lock = found.read_text(root)
    return digest(
        [project.get(name) for name in _PROJECT_FIELDS],
        [pyproject.get("dependency-groups"), tool_tables.get(found.tool), layers, function_layers.functions(root)],
        hashlib.sha256(lock.encode()).hexdigest(),
        [(url, library_key(root / url)) for url in _local_sources(lock, found)],
        toolchain(root, str(layers.get("python") if isinstance(layers, dict) else layers), found.tool),
    )


def _local_sources(lock: str, kind: lockfile.Lockfile) -> list[str]:
    """Return the paths of local packages in the lock, by pattern: parsing the whole lock takes ten times as long."""
    if kind is lockfile.UV:
        sources = [tomllib.loads(line)["source"] for line in _UV_SOURCE.findall(lock)]
        return [path for source in sources for path in source.values() if path != "."]
    tables = (tomllib.loads(table) for table in _SOURCE_TABLE.findall(lock) if "directory" in table or "file" in table)
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
    return [_source_digest(), compiler, zlib.ZLIB_RUNTIME_VERSION]


def _source_digest() -> str:
    source = b"\0".join(path.read_bytes() for path in sorted(Path(__file__).parents[1].rglob("*.py")))
    return hashlib.sha256(source).hexdigest()


def _tools(root: Path, tool: str) -> object:
    pins = root / "requirements-tools.txt"
    if pins.exists() and (root / ".tools").exists():
        return hashlib.sha256(pins.read_bytes()).hexdigest()
    found = [Path(find_tool(name, root)).resolve() for name in sorted({tool, "uv"})]
    return [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in found]


def library_key(path: Path) -> str:
    """Return the key of a local package: of its file, or of everything in its folder that matters to a wheel."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    kept = [file for file in files if not is_ignored(file.relative_to(path).parts)]
    return digest([(file.relative_to(path).as_posix(), hashlib.sha256(file.read_bytes()).hexdigest()) for file in kept])


def is_ignored(parts: tuple[str, ...]) -> bool:
    """Return whether a path in a local package's folder is a leftover of builds and checks."""
    left = bool(_IGNORED & {*parts}) or bool(_BUILD_FOLDERS & {*parts[:1]})
    return left or any(part.endswith((".egg-info", ".pyc")) for part in parts)
