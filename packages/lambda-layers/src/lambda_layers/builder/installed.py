"""Packages installed in a folder, read from their dist-info: names, versions, tags, files, requirements, licences."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import NamedTuple

from packaging.tags import Tag, parse_tag
from packaging.utils import canonicalize_name

from lambda_layers import requirements
from lambda_layers.builder import record_file
from lambda_layers.errors import LayersError
from lambda_layers.target.platform import Target

# Whoever may run a file in the wheel, on Lambda all may.
_ANY_EXECUTE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH
_CHUNK_BYTES = 2**20


class RecordMismatch(LayersError):
    """A file of a package differs from its digest in RECORD."""


class InstalledFile(NamedTuple):
    """One file. path: relative to the folder. digest: in RECORD (`sha256=...`); empty for RECORD itself."""

    path: str
    digest: str
    size: int
    executable: bool


class InstalledPackage(NamedTuple):
    """One package that is installed in `folder`. files: its files that exist."""

    name: str
    version: str
    tags: frozenset[Tag]
    folder: Path
    files: tuple[InstalledFile, ...]
    metadata: Message

    def chunks(self, file: InstalledFile) -> Iterator[bytes]:
        """Yield the bytes of one of its files. Raises RecordMismatch at the end if they differ from RECORD."""
        algorithm, _, recorded = file.digest.partition("=")
        digest = hashlib.new(algorithm) if algorithm in record_file.ALGORITHMS else None
        with open(f"{self.folder}/{file.path}", "rb", buffering=0) as opened:  # noqa: PTH123 - for each file
            while chunk := opened.read(_CHUNK_BYTES):
                if digest:
                    digest.update(chunk)
                yield chunk
        if digest and base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=") != recorded.rstrip("="):
            last = file.path.rpartition("/")[2]
            raise RecordMismatch(f"{self.name}: {last} is not the file that the wheel's RECORD tells")

    def without_digests(self) -> InstalledPackage:
        """Return the package as it is, whatever RECORD says."""
        return self._replace(files=tuple(file._replace(digest="") for file in self.files))

    def needs(self, target: Target) -> Iterator[str]:
        """Yield the names of the packages that it requires on the target, without any extra."""
        for text in self.metadata.get_all("Requires-Dist") or []:
            requirement = requirements.read_leniently(text)
            if requirement and target.accepts(str(requirement.marker or "")):
                yield canonicalize_name(requirement.name)


def installed_packages(folder: Path) -> list[InstalledPackage]:
    """Return every package in `folder`, sorted by name."""
    return sorted((_read_package(info) for info in folder.glob("*.dist-info")), key=lambda package: package.name)


def packages_sharing_files(packages: list[InstalledPackage]) -> set[str]:
    """Return the packages that claim a file which another one claims too: either could overwrite it."""
    claims = Counter(file.path for package in packages for file in package.files)
    return {package.name for package in packages if any(claims[file.path] > 1 for file in package.files)}


def _read_package(info: Path) -> InstalledPackage:
    metadata = _headers(info / "METADATA")
    return InstalledPackage(
        canonicalize_name(metadata["Name"]),
        metadata["Version"],
        frozenset(_tags(_headers(info / "WHEEL"))),
        info.parent,
        tuple(sorted(_files(info))),
        metadata,
    )


def _files(info: Path) -> Iterator[InstalledFile]:
    digests = {row.path: row.digest for row in record_file.read((info / "RECORD").read_bytes())}
    for path, digest in digests.items():
        if status := file_status(f"{info.parent}/{path}"):
            yield InstalledFile(path, digest, status.st_size, bool(status.st_mode & _ANY_EXECUTE))


def file_status(path: str) -> os.stat_result | None:
    """Return the status of a file; None where there is no file, or a folder."""
    with suppress(OSError, ValueError):
        status = os.stat(path)  # noqa: PTH116 - for each file
        return status if stat.S_ISREG(status.st_mode) else None
    return None


def _tags(wheel: Message) -> Iterator[Tag]:
    for text in wheel.get_all("Tag") or []:
        with suppress(ValueError):  # some wheels have other text in place of a tag
            yield from parse_tag(text.strip())


def _headers(path: Path) -> Message:
    content = path.read_bytes()
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # written by old tools; Latin-1 can decode every byte
    return HeaderParser().parsestr(text)
