"""Code and layers of functions, each unpacked once, and what distributions of the rehearsal's environment have.

Source: AWS Lambda developer guide, "Packaging layers": layers are unpacked into /opt in their order, and a later one
overwrites what an earlier one has.
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
    """The content of zip archives, one over the other, in a folder of the store that their digests name.

    Raises zipfile.BadZipFile, and ValueError for an entry that leads out of the folder.
    """
    digest = hashlib.sha256()
    for archive in archives:
        digest.update(hashlib.sha256(archive).digest())
    folder = store / digest.hexdigest()[:24]
    with _unpacking:
        if not folder.exists():
            beside = store / f".{folder.name}"
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir(parents=True)
            for archive in archives:
                with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                    _extract(opened, beside)
            beside.rename(folder)
    return folder


def _extract(archive: zipfile.ZipFile, folder: Path) -> None:
    """As Lambda does: with the modes and the links that the archive has, which ZipFile.extract leaves out."""
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
    """Return what distributions of the rehearsal's environment have: the name in site-packages -> where it is."""
    found: dict[str, Path] = {}
    for name in names:
        distribution = importlib.metadata.distribution(name)
        tops = {Path(str(file)).parts[0] for file in distribution.files or ()}
        for top in tops - {"..", "__pycache__"}:
            if not top.endswith(".so"):  # the client's own connection, which runtime_bootstrap.py replaces
                found[top] = Path(str(distribution.locate_file(top)))
    return found


@functools.cache
def distributions(name: str) -> tuple[str, ...]:
    """Return a distribution of the rehearsal's environment and all that it needs."""
    waiting, found = [name], {name: None}
    while waiting:
        for requirement in importlib.metadata.requires(waiting.pop()) or ():
            needed, _, marker = requirement.partition(";")
            word = re.match(r"[\w.-]+", needed.strip())
            if word and "extra" not in marker and word[0] not in found:
                found[word[0]] = None
                waiting.append(word[0])
    return tuple(found)
