"""The files of one function's folder, as its zip contains them, apart from the bytecode."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Set
from pathlib import Path
from typing import NamedTuple

from lambda_layers.errors import LayersError

# Files and folders that interpreters, checkers and file managers write into a folder of sources.
_IGNORED = {"__pycache__", ".git", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv", ".DS_Store"}


class FunctionFile(NamedTuple):
    """One file: its path relative to the function's folder, its bytes, and whether its owner may execute it."""

    name: str
    content: bytes
    executable: bool = False


def read_files(root: Path, function: str) -> list[FunctionFile]:
    """Return the files of a function, sorted by name, with links followed.

    Raises LayersError for a link to nothing, in a circle, or out of the project.
    """
    folder = root / "lambda" / function
    paths = _paths(root, folder, frozenset())
    return sorted(_read(folder, path) for path in paths)


def _read(folder: Path, path: Path) -> FunctionFile:
    executable = bool(path.stat().st_mode & stat.S_IXUSR)
    return FunctionFile(path.relative_to(folder).as_posix(), path.read_bytes(), executable)


def _paths(root: Path, folder: Path, above: Set[Path]) -> Iterator[Path]:
    above = {*above, folder.resolve()}
    for path in folder.iterdir():
        if _is_ignored(path.name):
            continue
        if path.is_symlink():
            _check_link(root, path, above)
        if path.is_dir():
            yield from _paths(root, path, above)
        elif path.is_file():
            yield path


def _is_ignored(name: str) -> bool:
    # Emacs marks an open file by a link `.#name`, which leads nowhere.
    return name in _IGNORED or name.startswith(".#") or name.endswith((".pyc", ".pyo"))


def _check_link(root: Path, path: Path, above: Set[Path]) -> None:
    link, target = f"{path.relative_to(root)} is a link to {path.readlink()}", path.resolve()
    if not path.exists():
        raise LayersError(f"{link}, which does not exist; remove the link, or restore what it names")
    if not target.is_relative_to(root.resolve()):
        raise LayersError(f"{link}, outside the project, where no other machine has it; copy it into the project")
    if target in above:
        raise LayersError(f"{link}, a folder that contains the link; remove the link")
