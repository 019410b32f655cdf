"""A zip whose bytes depend only on the names and contents of its files, written from deflated parts.

Python's zipfile compresses what it writes, so the records are written here. Source: PKWARE, ".ZIP File Format
Specification" (APPNOTE.TXT) 6.3, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from lambda_layers.builder.extent import Extent, ExtentReader
from lambda_layers.errors import LayersError

_LEVEL = 6
# Files that are compressed already; the SDK's models (.json.gz) are most of its bytes.
_STORED_SUFFIXES = (".gz", ".xz", ".bz2", ".zip", ".whl", ".png", ".jpg", ".woff2")

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_END_64_LOCATOR = struct.Struct("<4sLQL")
_VERSION, _VERSION_64 = 20, 45
_UNIX = 3 << 8
_UTF_8 = 0x800
_STORED, _DEFLATED = 0, 8
# The earliest date that a zip can have: 1980-01-01, 00:00.
_TIME, _DATE = 0, 1 << 5 | 1
_MAX_ENTRIES = 0xFFFF


class ZipEntry(NamedTuple):
    """One file of a zip. size: its bytes. packed: its bytes in the zip. executable: whether it is a program."""

    name: str
    crc: int
    size: int
    packed: int
    stored: bool
    executable: bool = False


# Where the bytes of an entry are.
Packed = bytes | Extent


class Archive(NamedTuple):
    """A written zip: the sum of its files' sizes, its own size, and its sha256."""

    unzipped: int
    size: int
    digest: str


def deflate(name: str, chunks: Iterable[bytes], *, executable: bool = False) -> tuple[ZipEntry, bytes]:
    """Return a file's entry in a zip, and its bytes there. Raises LayersError for a name that is not UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError as error:
        shown = os.fsencode(name).decode("latin-1")
        raise LayersError(f"{shown}: the name of the file is not UTF-8, so a zip cannot hold it; rename it") from error
    stored = name.endswith(_STORED_SUFFIXES)
    packer = None if stored else zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    crc, size, packed = 0, 0, []
    for chunk in chunks:
        crc, size = zlib.crc32(chunk, crc), size + len(chunk)
        packed.append(packer.compress(chunk) if packer else chunk)
    if packer:
        packed.append(packer.flush())
    content = b"".join(packed)
    return ZipEntry(name, crc, size, len(content), stored, executable), content


def unpack(folder: Path, parts: Iterable[tuple[ZipEntry, Extent]]) -> None:
    """Write the files of the parts below `folder`."""
    with ExtentReader() as reader:
        for part, extent in parts:
            packed = b"".join(reader.chunks(extent))
            path = folder / part.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(packed if part.stored else zlib.decompress(packed, -zlib.MAX_WBITS))
            path.chmod(0o755 if part.executable else 0o644)


def write(archive: Path, parts: Iterable[tuple[ZipEntry, Packed]]) -> Archive:
    """Write a zip of the parts, sorted by name, only the first of each name; return its sizes and digest."""
    first: dict[str, tuple[ZipEntry, Packed]] = {}
    for part, packed in parts:
        first.setdefault(part.name, (part, packed))
    with archive.open("wb", buffering=2**18) as file, ExtentReader() as reader:
        zipped = _ZipFile(file)
        for name in sorted(first):
            part, packed = first[name]
            zipped.add(part, reader.chunks(packed) if isinstance(packed, Extent) else (packed,))
        zipped.close()
    return Archive(sum(part.size for part, _ in first.values()), zipped.offset, zipped.digest.hexdigest())


class _ZipFile:
    """The records of one zip, in the order in which they are written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._directory: list[bytes] = []
        self.digest = hashlib.sha256()
        self.offset = 0

    def _write(self, content: bytes) -> None:
        self._file.write(content)
        self.digest.update(content)
        self.offset += len(content)

    def add(self, part: ZipEntry, chunks: Iterable[bytes]) -> None:
        name = part.name.encode()
        flags = 0 if part.name.isascii() else _UTF_8
        method = _STORED if part.stored else _DEFLATED
        shared_fields = (_VERSION, flags, method, _TIME, _DATE, part.crc, part.packed, part.size, len(name))
        # Lambda's user has to be able to read every file, and to execute the programs of wheels.
        mode = (0o100755 if part.executable else 0o100644) << 16
        central = _CENTRAL.pack(b"PK\1\2", _UNIX | _VERSION, *shared_fields, 0, 0, 0, 0, mode, self.offset)
        self._directory.append(central + name)
        self._write(_LOCAL.pack(b"PK\3\4", *shared_fields, 0) + name)
        for chunk in chunks:
            self._write(chunk)

    def close(self) -> None:
        count, start = len(self._directory), self.offset
        for record in self._directory:
            self._write(record)
        size = self.offset - start
        if count > _MAX_ENTRIES:
            self._write(_END_64.pack(b"PK\6\6", 44, _VERSION_64, _VERSION_64, 0, 0, count, count, size, start))
            self._write(_END_64_LOCATOR.pack(b"PK\6\7", 0, start + size, 1))
            count = _MAX_ENTRIES
        self._write(_END.pack(b"PK\5\6", 0, 0, count, count, size, start, 0))
