"""The closure of each group by `uv export`: names, versions, markers and hashes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, cast

from packaging.utils import canonicalize_name

from lambda_layers import toml_files
from lambda_layers.errors import LayersError
from lambda_layers.locks import requirements_file
from lambda_layers.locks.lockfile import UV
from lambda_layers.locks.pin import Pin
from lambda_layers.subprocesses import find_tool, run
from lambda_layers.target import interpreter
from lambda_layers.uv.lock import package_sources

if TYPE_CHECKING:
    from lambda_layers.uv.lock_toml import PackageTable, UvLock

_LOCAL_KINDS = ("directory", "editable", "path")


def export(root: Path, groups: Sequence[str]) -> dict[str, list[Pin]]:
    """Return group -> its closure. Raises LayersError if the lock is stale."""
    pyproject = toml_files.read_toml(root / "pyproject.toml")
    locked = cast("UvLock", toml_files.read_toml(root / UV.name))
    packages = locked.get("package", [])
    local, sources = local_packages(packages), package_sources(packages, pyproject)
    python = str(pyproject["tool"]["layers"].get("python"))
    texts = {group: _export_group(root, group, python) for group in groups}
    return {group: requirements_file.parse(text, root, local, sources) for group, text in texts.items()}


def _export_group(root: Path, group: str, python: str) -> str:
    # `uv export --locked` needs an interpreter that requires-python allows
    chosen = ["--no-default-groups"] if group == "main" else ["--only-group", group]
    command = [find_tool("uv", root), "export", "--quiet", "--locked", "--format", "requirements.txt"]
    command += ["--no-emit-project", "--no-annotate", "--no-header", "--no-python-downloads"]
    command += ["--python", interpreter.find(python) or sys.executable, *chosen]
    try:
        return run(command, cwd=root, shown=["uv", "export", "--locked", *chosen])
    except LayersError as error:
        if "Python requirement" in str(error):
            raise LayersError(f"{error}\nInstall the target's Python: `uv python install {python}`") from error
        raise


def local_packages(packages: Iterable[PackageTable]) -> dict[str, str]:
    """Return path -> name of each package that is a folder or a file of the repository."""
    pairs = ((package, package.get("source", {})) for package in packages)
    return {
        PurePosixPath(source[kind]).as_posix(): canonicalize_name(package["name"])
        for package, source in pairs
        for kind in _LOCAL_KINDS
        if kind in source
    }
