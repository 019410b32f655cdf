"""The closure of each group by `poetry export`: names, versions, markers and hashes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from lambda_layers import toml_files
from lambda_layers.errors import LayersError
from lambda_layers.locks import requirements_file
from lambda_layers.locks.pin import Pin
from lambda_layers.poetry.lock import package_sources
from lambda_layers.subprocesses import find_tool, run

if TYPE_CHECKING:
    from lambda_layers.poetry.lock_toml import PackageTable, PoetryLock

# Poetry takes 0.5 s to start and 0.1 s to export: one process exports all groups.
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
    """Return group -> its closure. Raises LayersError if the lock is stale."""
    poetry, lock = Path(find_tool("poetry", root)), cast("PoetryLock", toml_files.read_toml(root / "poetry.lock"))
    locked = lock.get("package", [])
    try:
        texts = _export_in_one_process(poetry.resolve().parent / "python", root, groups)
    except _UnusableInterpreter:
        texts = _export_each_group(str(poetry), root, groups)
    folders, sources = _directory_packages(locked), package_sources(locked)
    pairs = zip(groups, texts, strict=True)
    return {group: requirements_file.parse(text, root, folders, sources) for group, text in pairs}


class _UnusableInterpreter(Exception):
    """The interpreter next to Poetry's program cannot import Poetry, as for a shim."""


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


def _directory_packages(locked: Sequence[PackageTable]) -> dict[str, str]:
    sources = ((package["name"], package.get("source", {})) for package in locked)
    return {source["url"]: name for name, source in sources if source.get("type") == "directory"}
