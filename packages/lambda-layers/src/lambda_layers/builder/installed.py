"""Packages installed in a folder, read from their dist-info: names, versions, tags, files, requirements, licences."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from packaging.tags import Tag, parse_tag
from packaging.utils import canonicalize_name

from lambda_layers import requirements
from lambda_layers.builder import record_file
from lambda_layers.errors import LayersError
from lambda_layers.target.platform import Target

# Digest algorithms in RECORD. Source: packaging.python.org, "Recording installed projects", The RECORD file.
_ALGORITHMS = frozenset({"sha256", "sha384", "sha512"})


class RecordMismatch(LayersError):
    """A file of a package differs from its digest in RECORD."""


@dataclass(frozen=True)
class InstalledPackage:
    """One installed package. files: its files that exist, as paths that begin with the folder.

    digests: file -> digest in RECORD (`sha256=...`); RECORD has none for itself.
    """

    name: str
    version: str
    tags: frozenset[Tag]
    files: tuple[Path, ...]
    metadata: Message
    digests: Mapping[Path, str] = field(default_factory=dict)

    def read(self, path: Path) -> bytes:
        """Return the bytes of one of its files. Raises RecordMismatch if they differ from RECORD."""
        content = path.read_bytes()
        algorithm, _, known = self.digests.get(path, "").partition("=")
        if algorithm in _ALGORITHMS and _digest(algorithm, content) != known.rstrip("="):
            raise RecordMismatch(f"{self.name}: {path.name} is not the file that the wheel's RECORD tells")
        return content

    def bytecode(self) -> list[Path]:
        """Return the paths of the bytecode of its files."""
        stems: dict[Path, set[str]] = {}
        for file in self.files:
            if file.suffix == ".py":
                stems.setdefault(file.parent / "__pycache__", set()).add(file.stem)
        compiled = (path for folder in stems if folder.is_dir() for path in folder.iterdir())
        return [
            path for path in compiled if path.suffix == ".pyc" and path.name.rsplit(".", 2)[0] in stems[path.parent]
        ]

    def needs(self, target: Target) -> Iterator[str]:
        """Yield the names of the packages that it requires on the target, without any extra."""
        for text in self.metadata.get_all("Requires-Dist") or []:
            requirement = requirements.read_leniently(text)
            if requirement and target.accepts(str(requirement.marker or "")):
                yield canonicalize_name(requirement.name)


def installed_packages(folder: Path) -> list[InstalledPackage]:
    """Return every package in `folder`, sorted by name."""
    return sorted((_read_package(info) for info in folder.glob("*.dist-info")), key=lambda found: found.name)


def packages_sharing_files(found: list[InstalledPackage]) -> set[str]:
    """Return the packages that claim a file which another one claims too: either could overwrite it."""
    claims = Counter(file for package in found for file in package.files)
    return {package.name for package in found if any(claims[file] > 1 for file in package.files)}


def _read_package(info: Path) -> InstalledPackage:
    metadata = _headers(info / "METADATA")
    listed = {info.parent / row.path: row.digest for row in record_file.read((info / "RECORD").read_bytes())}
    files = tuple(path for path in sorted(listed, key=str) if path.is_file())
    return InstalledPackage(
        canonicalize_name(metadata["Name"]),
        metadata["Version"],
        frozenset(_tags(_headers(info / "WHEEL"))),
        files,
        metadata,
        listed,
    )


def _tags(wheel: Message) -> Iterator[Tag]:
    for text in wheel.get_all("Tag") or []:
        with suppress(ValueError):  # some wheels have other text in place of a tag
            yield from parse_tag(text.strip())


def _digest(algorithm: str, content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest()).decode().rstrip("=")


def _headers(path: Path) -> Message:
    content = path.read_bytes()
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # written by old tools; Latin-1 can decode every byte
    return HeaderParser().parsestr(text)
