"""What a layer does without: scripts, type stubs, headers, tests where asked, and what an installer leaves behind."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
from collections.abc import Set
from pathlib import Path

from packaging.utils import canonicalize_name

# Licences and METADATA in dist-info stay: importlib.metadata and lawyers read them.
_PRUNED_SUFFIXES = (".pyi", ".pxd", ".h", ".hpp", ".a", ".pyc", ".pyo")
_PRUNED_NAMES = {"py.typed", ".lock", "direct_url.json", "INSTALLER", "REQUESTED", "uv_cache.json", "uv_build.json"}
_TEST_FILES = re.compile(r"(?:^|/)(?:tests?|testing_data)/|(?:^|/)conftest\.py$|(?:^|/)test_[^/]+\.py$")


def prune(folder: Path, *, drop_tests: bool, built: Set[str] = frozenset()) -> None:
    """Remove what no import needs from an installed folder, and let each RECORD name what is left.

    built: packages that were built here. Their WHEEL doesn't say by which version of which backend: that is not locked.
    """
    for name in ("bin", "include"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for above, _, names in os.walk(folder):
        inside = os.path.relpath(above, folder)
        for name in names:
            path = f"{above}/{name}"
            if is_pruned(
                name if inside == "." else f"{inside}/{name}", drop_tests=drop_tests
            ) and not _is_loaded_at_runtime(path):
                Path(path).unlink()
    for info in folder.glob("*.dist-info"):
        if canonicalize_name(info.name.split("-")[0]) in built:
            _drop_generator(info)
        _rewrite_record(info / "RECORD")


def _drop_generator(info: Path) -> None:
    lines = (info / "WHEEL").read_text().splitlines(keepends=True)
    wheel = "".join(line for line in lines if not line.startswith("Generator:"))
    digest = base64.urlsafe_b64encode(hashlib.sha256(wheel.encode()).digest()).decode().rstrip("=")
    name = f"{info.name}/WHEEL,"
    record = [line for line in (info / "RECORD").read_text().splitlines() if not line.startswith(name)]
    # Either file may be a hard link into uv's cache: never written to, but replaced.
    for path, text in (("WHEEL", wheel), ("RECORD", "\n".join([*record, f"{name}sha256={digest},{len(wheel)}", ""]))):
        (info / path).unlink()
        (info / path).write_text(text)


def is_pruned(name: str, *, drop_tests: bool) -> bool:
    """Whether a file (its path below the layer's python/) is left out."""
    above, _, last = name.rpartition("/")
    if last in _PRUNED_NAMES:
        return True
    if ".dist-info" in above:
        return False
    return last.endswith(_PRUNED_SUFFIXES) or (drop_tests and _TEST_FILES.search(name) is not None)


def _is_loaded_at_runtime(path: str) -> bool:
    # lazy_loader reads the stub beside the module that asks for it
    module = Path(path).with_suffix(".py")
    return path.endswith(".pyi") and module.exists() and b"attach_stub" in module.read_bytes()


def _rewrite_record(record: Path) -> None:
    # The digests of removed scripts hold this machine's interpreter path.
    above = str(record.parent.parent)
    kept = [line for line in record.read_text().splitlines() if _exists(above, line)]
    # The file may be a hard link into uv's cache: never written to, but replaced.
    record.unlink()
    record.write_text("".join(f"{line}\n" for line in sorted(kept)))


def _exists(above: str, line: str) -> bool:
    name = os.path.normpath(line.rsplit(",", 2)[0].strip('"'))
    return not name.startswith(("..", "/")) and os.path.isfile(f"{above}/{name}")  # noqa: PTH113 - asked of every file
