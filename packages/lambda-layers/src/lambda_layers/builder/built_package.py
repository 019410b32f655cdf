"""A package that is ready for any layer: what is known of it, and its files as a zip holds them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple, TypedDict

from lambda_layers.builder.extent import Extent
from lambda_layers.builder.zip_archive import ZipEntry


class CachedPackage(TypedDict):
    """A package in the cache. `parts` are ZipEntry, as JSON has them."""

    name: str
    version: str
    summary: str
    licences: list[str]
    needs: list[str]
    url: str
    wheel: list[str] | None
    parts: list[list[str | int | bool]]
    blob: str
    warnings: list[str]


class BuiltPackage(NamedTuple):
    """A package built for the target. needs: the packages that it requires. wheel: file name and sha256.

    parts: the zip entries of its files. blob: the digest of the parts' bytes, one after the other, in the cache.
    warnings: messages for the user.
    """

    name: str
    version: str
    summary: str
    licences: tuple[str, ...]
    needs: tuple[str, ...]
    url: str
    wheel: tuple[str, str] | None
    parts: tuple[ZipEntry, ...]
    blob: str
    warnings: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The unzipped size in bytes, bytecode included."""
        return sum(part.size for part in self.parts)

    def packed_files(self, blob: Path) -> Iterator[tuple[ZipEntry, Extent]]:
        """Yield the parts, each with the place of its bytes in the blob."""
        ends = accumulate(part.packed for part in self.parts)
        for part, end in zip(self.parts, ends, strict=True):
            yield part, Extent(blob, end - part.packed, part.packed)

    def record(self) -> CachedPackage:
        """Return what the cache keeps of it."""
        return {
            "name": self.name,
            "version": self.version,
            "summary": self.summary,
            "licences": [*self.licences],
            "needs": [*self.needs],
            "url": self.url,
            "wheel": [*self.wheel] if self.wheel else None,
            "parts": [[*part] for part in self.parts],
            "blob": self.blob,
            "warnings": [*self.warnings],
        }


def from_record(record: CachedPackage) -> BuiltPackage:
    """Return the package that the cache kept."""
    file, digest = record["wheel"] or ("", "")
    return BuiltPackage(
        name=record["name"],
        version=record["version"],
        summary=record["summary"],
        licences=tuple(record["licences"]),
        needs=tuple(record["needs"]),
        url=record["url"],
        wheel=(file, digest) if file else None,
        parts=tuple(ZipEntry(*part) for part in record["parts"]),  # type: ignore[arg-type] # as `record` wrote them
        blob=record["blob"],
        warnings=tuple(record["warnings"]),
    )
