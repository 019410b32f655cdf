"""A builder's artifact as Lambda sees it: unpacked, imported, and compared with another build."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

# The date that CDK gives to everything in a zip that it makes of a folder.
_CDK_DATE = (1980, 1, 1, 0, 0, 0)
_RUNS = 7

_IMPORT = """
import importlib, json, sys, time
compiled = []
def hook(event, arguments):
    if event == "compile" and str(arguments[1]).endswith(".py"):
        compiled.append(arguments[1])
if sys.argv[1] == "count":
    sys.addaudithook(hook)
sys.path[:0] = json.loads(sys.argv[2])
began = time.process_time()
for name in sys.argv[3:]:
    importlib.import_module(name)
print(json.dumps({"seconds": time.process_time() - began, "compiled": len(compiled)}))
"""


class ArtifactFigures(NamedTuple):
    """The bytes of artifacts, and the processor seconds of importing from them in a fresh interpreter."""

    zip_bytes: int
    unzipped_bytes: int
    import_seconds: float
    compiled_modules: int


def measure_artifacts(artifacts: Sequence[Path], imports: Sequence[str]) -> ArtifactFigures:
    """Return the figures of zips or folders that one function uses together. imports: the modules to import."""
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        roots, zipped, unzipped = [], 0, 0
        for index, path in enumerate(artifacts):
            archive = path if path.is_file() else pack(path, Path(scratch) / f"{index}.zip")
            opt = unpack(archive, Path(scratch) / str(index))
            roots.append(opt / "python" if (opt / "python").is_dir() else opt)
            zipped += archive.stat().st_size
            unzipped += sum(file.stat().st_size for file in opt.rglob("*") if file.is_file())
        seconds = min(_run_import("time", roots, imports)["seconds"] for _ in range(_RUNS))
        return ArtifactFigures(zipped, unzipped, seconds, int(_run_import("count", roots, imports)["compiled"]))


def pack(folder: Path, archive: Path) -> Path:
    """Zip a folder as CDK does when it publishes it; return the zip."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zipped:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _CDK_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, path.read_bytes())
    return archive


def unpack(archive: Path, to: Path) -> Path:
    """Unpack a zip with the times of its files; return the folder."""
    with zipfile.ZipFile(archive) as zipped:
        for entry in zipped.infolist():
            path = Path(zipped.extract(entry, to))
            moment = time.mktime((*entry.date_time, 0, 0, -1))
            os.utime(path, (moment, moment))
    return to


def _run_import(how: str, roots: Sequence[Path], imports: Sequence[str]) -> dict[str, float]:
    # -B: for root no folder is read-only
    command = [sys.executable, "-I", "-S", "-B", "-c", _IMPORT, how, json.dumps([str(root) for root in roots])]
    done = subprocess.run([*command, *imports], capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def count_differing_files(artifacts: Sequence[Path], others: Sequence[Path]) -> int:
    """Return how many files differ between two builds; 1 if all are the same, and only the zips differ."""
    digests, other_digests = _digests(artifacts), _digests(others)
    files = sum(digests.get(name) != other_digests.get(name) for name in digests.keys() | other_digests.keys())
    pairs = zip(artifacts, others, strict=True)
    return files or int(any(path.is_file() and path.read_bytes() != other.read_bytes() for path, other in pairs))


def _digests(artifacts: Sequence[Path]) -> dict[str, str]:
    digests: dict[str, str] = {}
    for index, path in enumerate(artifacts):
        with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
            folder = unpack(path, Path(scratch)) if path.is_file() else path
            for file in (file for file in folder.rglob("*") if file.is_file()):
                digests[f"{index}/{file.relative_to(folder)}"] = hashlib.sha256(file.read_bytes()).hexdigest()
    return digests


def copy(slice_: Path, to: Path) -> Path:
    """Copy a slice's project without its build outputs; return the copy."""
    shutil.rmtree(to, ignore_errors=True)
    ignored = shutil.ignore_patterns(".*", "build", "node_modules", "cdk.out", "__pycache__")
    return Path(shutil.copytree(slice_, to, ignore=ignored))
