"""The files of a prepared environment: their digests, copies of them, and what was changed since.

An edit in an environment must not reach the cache that it came from, nor another project. So Python sources are copies.
Files that are not edited, such as native libraries, data and bytecode, and large files are hard links to read-only
files, which take a third of the time. An environment whose files were changed nevertheless is detected by their
digests, and prepared again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

MANIFEST = ".setup-files"
_LINKED = (".so", ".pyc", ".gz", ".tgz", ".h", ".json", ".js", ".pyi")
# Sources that are larger are generated, those of CDK above all.
_LARGE_SOURCE, _LARGE = 256 * 1024, 64 * 1024
_READ_ONLY = 0o222

# Size, modification time and digest of a file; or the target of a link.
Entry = list


class Damaged(Exception):
    """A file of a prepared environment differs from its record; the message names it."""


def seal(folder: Path) -> None:
    """Record the digest of each file of a new environment, and make the files that its copies share read-only."""
    paths = [path for path in _paths(str(folder)) if path != str(folder / MANIFEST)]
    for path in paths:
        status = os.lstat(path)
        if _is_linked(path, status.st_size) and not os.path.islink(path):
            os.chmod(path, status.st_mode & ~_READ_ONLY)
    _write(folder, {os.path.relpath(path, folder): _entry(path) for path in paths})


def add(folder: Path) -> None:
    """Record the digests of files that were added later."""
    recorded = read(folder)
    paths = {os.path.relpath(path, folder): path for path in _paths(str(folder))}
    new = {name: _entry(path) for name, path in paths.items() if name not in recorded and name != MANIFEST}
    _write(folder, {**recorded, **new})


def remove_added(folder: Path, prepared: Path) -> None:
    """Remove the files that were added to a copy of a prepared environment, and their record."""
    entries = read(prepared)
    for name in read(folder).keys() - entries.keys():
        with suppress(OSError):  # it was removed, or is in a folder that has other files
            os.unlink(f"{folder}/{name}")
            os.removedirs(os.path.dirname(f"{folder}/{name}"))
    _write(folder, entries)


def read(folder: Path) -> dict[str, Entry]:
    """Return name -> entry of each recorded file; empty without a record."""
    try:
        entries: dict[str, Entry] = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError):
        return {}
    return entries


def copy(prepared: Path, folder: Path, names: Iterable[str] = ()) -> None:
    """Copy the files of a prepared environment to `folder`: all of them, or those of these names.

    Raises Damaged if one of them differs from its record.
    """
    entries, created = read(prepared), {""}
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or entries:
        source, target = f"{prepared}/{name}", f"{folder}/{name}"
        if name not in entries or not _is_same(source, entries[name]):
            raise Damaged(name)
        if (parent := os.path.dirname(name)) not in created:
            os.makedirs(f"{folder}/{parent}", exist_ok=True)
            created.add(parent)
        if names and os.path.lexists(target):
            os.unlink(target)
        _copy_file(source, target)
    if not names:
        _write(folder, entries)


def changed(folder: Path) -> list[str]:
    """Return the recorded files of an environment that are missing or have another content."""
    return [name for name, entry in read(folder).items() if not _is_same(f"{folder}/{name}", entry)]


def _is_same(path: str, entry: Entry) -> bool:
    try:
        status = os.lstat(path)
    except OSError:
        return False
    if not isinstance(entry[0], int):
        return os.path.islink(path) and os.readlink(path) == entry[0]
    size, modified, digest = entry
    # A cache that was restored may have lost the times.
    return status.st_size == size and (status.st_mtime_ns == modified or _digest(path) == digest)


def _entry(path: str) -> Entry:
    if os.path.islink(path):
        return [os.readlink(path)]
    status = os.stat(path)
    return [status.st_size, status.st_mtime_ns, _digest(path)]


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def _is_linked(path: str, size: int) -> bool:
    if os.path.basename(path).startswith("."):  # npm writes .package-lock.json in place
        return False
    return path.endswith(_LINKED) or size > (_LARGE_SOURCE if path.endswith(".py") else _LARGE)


def _copy_file(source: str, target: str) -> None:
    status = os.lstat(source)
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
        return
    if _is_linked(source, status.st_size):
        try:
            os.link(source, target)
        except OSError:  # the cache is on another file system
            pass
        else:
            return
    with open(source, "rb") as reading, open(target, "wb") as writing:
        writing.write(reading.read())
    os.chmod(target, status.st_mode)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def _paths(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _paths(entry.path)
            else:
                yield entry.path


def _write(folder: Path, entries: Mapping[str, Entry]) -> None:
    temporary = folder / f"{MANIFEST}.{os.getpid()}"
    temporary.write_text(json.dumps(entries, separators=(",", ":")))
    temporary.replace(folder / MANIFEST)
