"""Artifact zips."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable
from pathlib import Path

from rehearsal.errors import RehearsalError


def unzip(zip_file: Path, folder: Path) -> None:
    """Unpack with file modes. Raises RehearsalError for a member that would land outside `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(zip_file) as archive:
        for member in archive.infolist():
            target = folder / member.filename
            if not target.resolve().is_relative_to(folder.resolve()):
                raise RehearsalError(f"{zip_file.name}: {member.filename} would be unpacked outside {folder}")
            archive.extract(member, folder)
            mode = member.external_attr >> 16 & 0o777
            if mode and not member.is_dir():
                target.chmod(mode)


def zip_files(base: Path, files: Iterable[Path], zip_file: Path) -> None:
    with zipfile.ZipFile(zip_file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(files):
            archive.write(path, os.path.relpath(path, base))
