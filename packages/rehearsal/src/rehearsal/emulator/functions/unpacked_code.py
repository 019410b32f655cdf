"""Unpacked code and layers of functions, and the packages of distributions in the rehearsal's environment.

Source: AWS Lambda developer guide, "Packaging layers": layers are unpacked into /opt in their order, and a later one
overwrites files of an earlier one.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import io
import re
import shutil
import stat
import threading
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

_unpacking = threading.Lock()


def unpack_archives(store: Path, archives: Sequence[bytes]) -> Path:
    """Unpack zip archives over each other into a folder of the store, once; return the folder, named by their digest.

    Raises zipfile.BadZipFile, and ValueError for an entry outside of the folder.
    """
    digest = hashlib.sha256()
    for archive in archives:
        digest.update(hashlib.sha256(archive).digest())
    folder = store / digest.hexdigest()[:24]
    with _unpacking:
        if not folder.exists():
            temporary = store / f".{folder.name}"
            shutil.rmtree(temporary, ignore_errors=True)
            temporary.mkdir(parents=True)
            for archive in archives:
                with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                    _extract(opened, temporary)
            temporary.rename(folder)
    return folder


def _extract(archive: zipfile.ZipFile, folder: Path) -> None:
    """Extract with file modes and symbolic links, as Lambda does and ZipFile.extract does not."""
    for entry in archive.infolist():
        target = folder / entry.filename
        if not (target.parent.resolve() / target.name).is_relative_to(folder.resolve()) or target.name == "..":
            raise ValueError(f"{entry.filename} leads out of its archive")
        mode = entry.external_attr >> 16
        if entry.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        if stat.S_ISLNK(mode):
            target.symlink_to(archive.read(entry).decode())
        else:
            target.write_bytes(archive.read(entry))
            target.chmod(stat.S_IMODE(mode) or 0o644)


def top_levels(names: Iterable[str]) -> dict[str, Path]:
    """Return name in site-packages -> path, of distributions in the rehearsal's environment."""
    packages: dict[str, Path] = {}
    for name in names:
        distribution = importlib.metadata.distribution(name)
        tops = {Path(str(file)).parts[0] for file in distribution.files or ()}
        for top in tops - {"..", "__pycache__"}:
            if not top.endswith(".so"):  # the runtime client's C extension, which runtime_bootstrap.py replaces
                packages[top] = Path(str(distribution.locate_file(top)))
    return packages


@functools.cache
def distributions(name: str) -> tuple[str, ...]:
    """Return the names of a distribution in the rehearsal's environment and all its dependencies."""
    queue, names = [name], {name: None}
    while queue:
        for requirement in importlib.metadata.requires(queue.pop()) or ():
            specifier, _, marker = requirement.partition(";")
            match = re.match(r"[\w.-]+", specifier.strip())
            if match and "extra" not in marker and match[0] not in names:
                names[match[0]] = None
                queue.append(match[0])
    return tuple(names)
