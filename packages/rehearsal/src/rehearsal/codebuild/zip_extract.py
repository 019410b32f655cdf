"""Extraction of artifact zips. A separate program, so it needs only the standard library."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from rehearsal.errors import RehearsalError
from rehearsal.host import framing, helper_process

Unzip = Callable[[Path, Path], None]


def unzip(zip_file: Path, folder: Path) -> None:
    """Unpack with file modes and links. Raises RehearsalError for what would land outside `folder`, links followed.

    In a separate process: in a process of many threads, each of thousands of files would wait for its turn.
    """
    told = framing.encode_message([str(zip_file), str(folder)])
    done = subprocess.run(helper_process.helper_command(__name__), input=told, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]  # of a traceback, what went wrong
        raise RehearsalError(last or f"{zip_file.name}: unpacking it ended with {done.returncode}")


def main() -> None:
    """The program: its arguments are an archive and a folder; an error is its last output."""
    zip_file, folder = map(Path, framing.read())
    try:
        _unpack(zip_file, folder)
    except (RehearsalError, zipfile.BadZipFile, OSError) as error:
        sys.exit(str(error))


def _unpack(zip_file: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ready: set[str] = set()  # folders that are inside; a link is not a folder, so the check stays true
    with zipfile.ZipFile(zip_file) as archive:
        for member in archive.infolist():
            target, mode = f"{folder}/{member.filename}", member.external_attr >> 16
            parent, name = os.path.split(target)  # as texts: paths take half of the time
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
