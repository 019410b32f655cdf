"""Artifact zips."""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path

from rehearsal.codebuild.patterns import Found
from rehearsal.errors import RehearsalError


def unzip(zip_file: Path, folder: Path) -> None:
    """Unpack with file modes and links. Raises RehearsalError for what would land outside `folder`, links followed."""
    folder.mkdir(parents=True, exist_ok=True)
    ready: set[Path] = set()  # folders that lie inside; a link is no folder, so what is here stays true
    with zipfile.ZipFile(zip_file) as archive:
        for member in archive.infolist():
            target = folder / member.filename
            parent = target if member.is_dir() or target.name == ".." else target.parent
            if parent not in ready:
                _inside(folder, parent, f"{zip_file.name}: {member.filename} would be unpacked outside {folder}")
                parent.mkdir(parents=True, exist_ok=True)
                ready.add(parent)
            mode = member.external_attr >> 16
            if stat.S_ISLNK(mode):
                target.symlink_to(archive.read(member).decode())
            elif parent != target:
                _write(archive, member, target, mode & 0o777)


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, mode: int) -> None:
    try:
        file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        raise RehearsalError(f"{archive.filename}: {member.filename} cannot be unpacked: {error.strerror}") from error
    with os.fdopen(file, "wb") as out, archive.open(member) as content:
        shutil.copyfileobj(content, out, 1 << 20)
        if mode:
            os.fchmod(file, mode)


def zip_files(files: Iterable[Found], zip_file: Path, *, links: bool = False) -> None:
    """Zip the files under their names. links: keep symbolic links as links; otherwise what they lead to is stored."""
    with zipfile.ZipFile(zip_file, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False) as archive:
        for each in sorted(files, key=lambda found: found.name):
            if links and each.path.is_symlink():
                member = zipfile.ZipInfo(each.name)
                member.create_system = 3  # Unix: the upper half of external_attr is a mode
                member.external_attr = (stat.S_IFLNK | 0o777) << 16
                archive.writestr(member, str(each.path.readlink()))
            else:
                archive.write(each.path, each.name)


def _inside(folder: Path, path: Path, otherwise: str) -> None:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise RehearsalError(otherwise)
