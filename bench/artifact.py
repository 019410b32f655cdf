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
    """Bytes of what was made, and the processor seconds of importing from it in a fresh interpreter."""

    zip_bytes: int
    unzipped_bytes: int
    import_seconds: float
    compiled_modules: int


def measure_artifacts(made: Sequence[Path], imports: Sequence[str]) -> ArtifactFigures:
    """Look at zips or folders, together: the layers of one function."""
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        roots, zipped, unzipped = [], 0, 0
        for index, path in enumerate(made):
            archive = path if path.is_file() else pack(path, Path(scratch) / f"{index}.zip")
            opt = unpack(archive, Path(scratch) / str(index))
            roots.append(opt / "python" if (opt / "python").is_dir() else opt)
            zipped += archive.stat().st_size
            unzipped += sum(file.stat().st_size for file in opt.rglob("*") if file.is_file())
        seconds = min(_run_import("time", roots, imports)["seconds"] for _ in range(_RUNS))
        return ArtifactFigures(zipped, unzipped, seconds, int(_run_import("count", roots, imports)["compiled"]))


def pack(folder: Path, archive: Path) -> Path:
    """A folder as CDK zips it when it publishes it."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zipped:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _CDK_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, path.read_bytes())
    return archive


def unpack(archive: Path, to: Path) -> Path:
    """The zip's files with the zip's times."""
    with zipfile.ZipFile(archive) as zipped:
        for entry in zipped.infolist():
            path = Path(zipped.extract(entry, to))
            moment = time.mktime((*entry.date_time, 0, 0, -1))
            os.utime(path, (moment, moment))
    return to


def _run_import(how: str, roots: Sequence[Path], imports: Sequence[str]) -> dict[str, float]:
    # -B: whoever runs this may be root, for whom no folder is read-only
    command = [sys.executable, "-I", "-S", "-B", "-c", _IMPORT, how, json.dumps([str(root) for root in roots])]
    done = subprocess.run([*command, *imports], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def count_differing_files(here: Sequence[Path], there: Sequence[Path]) -> int:
    """How many files differ between two builds; zips that the builder made are compared as such, too."""
    first, second = _digests(here), _digests(there)
    files = sum(first.get(name) != second.get(name) for name in first.keys() | second.keys())
    return files or int(any(a.is_file() and a.read_bytes() != b.read_bytes() for a, b in zip(here, there, strict=True)))


def _digests(made: Sequence[Path]) -> dict[str, str]:
    found: dict[str, str] = {}
    for index, path in enumerate(made):
        with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
            folder = unpack(path, Path(scratch)) if path.is_file() else path
            for file in (file for file in folder.rglob("*") if file.is_file()):
                found[f"{index}/{file.relative_to(folder)}"] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def copy(slice_: Path, to: Path) -> Path:
    """A fresh copy of a slice's project, without what was built there."""
    shutil.rmtree(to, ignore_errors=True)
    ignored = shutil.ignore_patterns(".*", "build", "node_modules", "cdk.out", "__pycache__")
    return Path(shutil.copytree(slice_, to, ignore=ignored))
