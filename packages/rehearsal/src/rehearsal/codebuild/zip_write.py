"""Creation of artifact zips."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path

from rehearsal.codebuild.file_patterns import MatchedFile

_PACKED = {".gz", ".jar", ".whl", ".zip"}  # compressed formats: deflating them again takes time and saves nothing


def zip_files(files: Iterable[MatchedFile], zip_file: Path, *, links: bool = False) -> None:
    """Zip the files under their names. links: store symbolic links as links; otherwise the files that they lead to."""
    with zipfile.ZipFile(zip_file, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False) as archive:
        for file_ in sorted(files, key=lambda file: file.name):
            if links and file_.path.is_symlink():
                member = zipfile.ZipInfo(file_.name)
                member.create_system = 3  # Unix: the upper half of external_attr is a mode
                member.external_attr = (stat.S_IFLNK | 0o777) << 16
                archive.writestr(member, str(file_.path.readlink()))
            else:
                archive.write(file_.path, file_.name, zipfile.ZIP_STORED if file_.path.suffix in _PACKED else None)
