"""Extraction of artifact zips by a separate program, which can import the standard library and this package only."""

from __future__ import annotations

import os
import stat
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from rehearsal.errors import RehearsalError
from rehearsal.host import framing, helper_process
from rehearsal.host.checked_command import run_checked

Unzip = Callable[[Path, Path], None]


def unzip(zip_file: Path, folder: Path) -> None:
    """Unpack a zip with file modes and symbolic links. Raises RehearsalError for members outside `folder`.

    A member that a link leads outside counts too.
    In a separate process: in this one, with many threads, every file would wait for the interpreter's lock.
    """
    message = framing.encode_message([str(zip_file), str(folder)])
    run_checked(helper_process.helper_command(__name__), message=message)


def main() -> None:
    """Unpack the archive that the message on standard input names; an error is the last line of stderr."""
    zip_file, folder = map(Path, framing.read())
    try:
        _unpack(zip_file, folder)
    except (RehearsalError, zipfile.BadZipFile, OSError) as error:
        sys.exit(str(error))


def _unpack(zip_file: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ready: set[str] = set()  # checked folders; a later link cannot replace one, so they need no second check
    with zipfile.ZipFile(zip_file) as archive:
        for member in archive.infolist():
            target, mode = f"{folder}/{member.filename}", member.external_attr >> 16
            parent, name = os.path.split(target)  # strings: Path objects would take half of the time
            if name == "..":
                parent, name = target, ""
            if parent not in ready:
                _inside(folder, Path(parent), f"{zip_file.name}: {member.filename} would be unpacked outside {folder}")
                Path(parent).mkdir(parents=True, exist_ok=True)
                ready.add(parent)
            if stat.S_ISLNK(mode):
                Path(target).symlink_to(archive.read(member).decode())
            elif name:
                _write(archive, member, target, mode & 0o777)


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: str, mode: int) -> None:
    try:
        file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        raise RehearsalError(f"{archive.filename}: {member.filename} cannot be unpacked: {error.strerror}") from error
    with os.fdopen(file, "wb") as out, archive.open(member) as content:
        while some := content.read(1 << 20):
            out.write(some)
        if mode:
            os.fchmod(file, mode)


def _inside(folder: Path, path: Path, otherwise: str) -> None:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise RehearsalError(otherwise)
