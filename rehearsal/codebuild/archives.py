"""Artifact zips."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path

from rehearsal.codebuild.patterns import Found
from rehearsal.errors import RehearsalError


def unzip(zip_file: Path, folder: Path) -> None:
    """Unpack with file modes and links. Raises RehearsalError for what would land outside `folder`, links followed."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(zip_file) as archive:
        for member in archive.infolist():
            target = folder / member.filename
            _inside(folder, target, f"{zip_file.name}: {member.filename} would be unpacked outside {folder}")
            mode = member.external_attr >> 16
            if stat.S_ISLNK(mode):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(archive.read(member).decode())
                continue
            archive.extract(member, folder)
            if mode & 0o777 and not member.is_dir():
                target.chmod(mode & 0o777)


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
