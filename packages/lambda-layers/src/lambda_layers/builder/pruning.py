"""Files that a layer does not need: scripts, type stubs, headers, an installer's files, and optionally tests."""

from __future__ import annotations

import base64
import glob
import hashlib
import os
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from packaging.utils import canonicalize_name

from lambda_layers.builder import record_file

# Licences and METADATA in dist-info are kept: importlib.metadata reads them, and licences require it.
_HEADER_SUFFIXES = (".pxd", ".h", ".hpp", ".a")
_INSTALLER_FILES = {"direct_url.json", "INSTALLER", "REQUESTED", "uv_cache.json", "uv_build.json"}
_TEST_FILES = re.compile(r"(?:^|/)(?:tests?|testing_data)/|(?:^|/)conftest\.py$|(?:^|/)test_[^/]+\.py$")
_NAMED_FILE = re.compile(rb"[\w.-]*\.(?:pxd|hpp|h|a|pyi)\b")
_SHEBANG_BYTES = 512


@dataclass(frozen=True)
class Pruning:
    """The pruning rules of one build.

    keep: patterns of paths below the layer's python/ that are never removed; `*` matches slashes too.
    built: packages that were built from source. Their WHEEL names the version of a backend that is not locked.
    python: the interpreter that uv writes into the first line of scripts.
    """

    drop_tests: bool = False
    keep: Sequence[str] = ()
    built: Set[str] = frozenset()
    python: str = ""

    def prune(self, folder: Path) -> None:
        """Remove files that no import needs from an installed folder, and from each RECORD."""
        named_files, remaining = _NamedFiles(folder), set[str]()
        for parent, _, names in os.walk(folder):
            relative = parent[len(f"{folder}/") :]
            for name in names:
                path = f"{relative}/{name}" if relative else name
                if self._is_removed(path, named_files):
                    (folder / path).unlink()
                else:
                    remaining.add(path)
        for info in folder.glob("*.dist-info"):
            _rewrite_record(info, remaining, without_generator=canonicalize_name(info.name.split("-")[0]) in self.built)

    def _is_removed(self, name: str, named_files: _NamedFiles) -> bool:
        if any(fnmatchcase(name, pattern) for pattern in self.keep):
            return False
        if name.startswith("bin/"):
            return is_script(named_files.folder / name, self.python)
        return is_pruned(name, drop_tests=self.drop_tests) and not named_files.is_read(name)


@dataclass(frozen=True)
class _NamedFiles:
    """Headers and stubs that modules name in their source, by top-level folder: those are read at run time."""

    folder: Path
    known: dict[str, frozenset[str]] = field(default_factory=dict)

    def is_read(self, name: str) -> bool:
        """Return whether a package may read a file that pruning would remove by its suffix."""
        last = name.rpartition("/")[2]
        if last.endswith(".pyi"):
            return self._is_read_stub(name)
        if last.endswith(".pyc"):
            return "__pycache__/" not in name and not (self.folder / name).with_suffix(".py").exists()
        return last.endswith(_HEADER_SUFFIXES) and last in self._named_below(name.partition("/")[0])

    def _is_read_stub(self, name: str) -> bool:
        path = self.folder / name
        module = path.with_suffix(".py")
        # lazy_loader reads the stub of the module that uses it
        if module.exists():
            return b"attach_stub" in module.read_bytes()
        # a stub in a folder without code, in a package that names stubs, is data, as of a type checker
        code = any(other.suffix in {".py", ".so"} for other in path.parent.iterdir()) or _describes_module(path.parent)
        return not code and any(file.endswith(".pyi") for file in self._named_below(name.partition("/")[0]))

    def _named_below(self, top: str) -> frozenset[str]:
        if top not in self.known:
            sources = (self.folder / top).rglob("*.py") if (self.folder / top).is_dir() else self.folder.glob("*.py")
            matches = (match for path in sources for match in _NAMED_FILE.findall(path.read_bytes()))
            self.known[top] = frozenset(match.decode() for match in matches)
        return self.known[top]


def _describes_module(folder: Path) -> bool:
    """Return whether a folder of stubs belongs to the module of its name next to it."""
    return any(folder.parent.glob(f"{glob.escape(folder.name)}.*so")) or folder.with_suffix(".py").exists()


def is_pruned(name: str, *, drop_tests: bool) -> bool:
    """Return whether a file is removed, unless the package reads it. name: its path below the layer's python/."""
    above, _, last = name.rpartition("/")
    if ".dist-info" in above:
        return last in _INSTALLER_FILES
    if name == ".lock" or last == "py.typed":
        return True
    return last.endswith((*_HEADER_SUFFIXES, ".pyi", ".pyc", ".pyo")) or (
        drop_tests and _TEST_FILES.search(name) is not None
    )


def is_script(path: Path, python: str) -> bool:
    """Return whether a file of `bin/` starts this machine's interpreter, which Lambda does not have.

    A program without Python is kept, and so are the modules of a package with the name `bin`.
    """
    with path.open("rb") as file:
        start = file.read(_SHEBANG_BYTES)
    if not start.startswith(b"#!"):
        return False
    if path.suffix == ".py" and (path.parent / "__init__.py").exists():
        return bool(python) and python.encode() in start
    return b"python" in start


def _rewrite_record(info: Path, remaining: Set[str], *, without_generator: bool) -> None:
    # Rows of removed scripts would make the layer differ: their digests depend on this machine's interpreter path.
    rows = [row for row in record_file.read((info / "RECORD").read_bytes()) if os.path.normpath(row.path) in remaining]
    if without_generator:
        name = f"{info.name}/WHEEL"
        content = _drop_generator(info / "WHEEL")
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        rows = [row for row in rows if row.path != name]
        rows.append(record_file.Row(name, f"sha256={digest}", str(len(content))))
    record_file.replace(info / "RECORD", rows)


def _drop_generator(wheel: Path) -> bytes:
    lines = wheel.read_bytes().decode(errors="surrogateescape").splitlines()
    content = "".join(f"{line}\n" for line in lines if not line.startswith("Generator:"))
    # Replace the file instead of writing to it: it may be a hard link into uv's cache.
    wheel.unlink()
    wheel.write_bytes(content.encode(errors="surrogateescape"))
    return wheel.read_bytes()
