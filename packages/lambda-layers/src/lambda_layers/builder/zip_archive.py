"""A zip whose bytes depend only on the names and contents of its files, written from deflated parts."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from lambda_layers.errors import LayersError

# The earliest date that a zip can have.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_LEVEL = 6
# Files that are compressed already; the SDK's models (.json.gz) are most of its bytes.
_STORED_SUFFIXES = (".gz", ".xz", ".bz2", ".zip", ".whl", ".png", ".jpg", ".woff2")


class ZipEntry(NamedTuple):
    """One file of a zip. size: its bytes. packed: its bytes in the zip. executable: whether it is a program."""

    name: str
    crc: int
    size: int
    packed: int
    stored: bool
    executable: bool = False


def deflate(name: str, content: bytes, *, executable: bool = False) -> tuple[ZipEntry, bytes]:
    """Return a file as a zip contains it. Raises LayersError for a name that is not UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError as error:
        shown = os.fsencode(name).decode("latin-1")
        raise LayersError(f"{shown}: the name of the file is not UTF-8, so a zip cannot hold it; rename it") from error
    stored = name.endswith(_STORED_SUFFIXES)
    packed = content if stored else _deflate_bytes(content)
    return ZipEntry(name, zlib.crc32(content), len(content), len(packed), stored, executable), packed


def unpack(folder: Path, parts: Iterable[tuple[ZipEntry, bytes]]) -> None:
    """Write the files of the parts below `folder`."""
    for part, packed in parts:
        path = folder / part.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed if part.stored else zlib.decompress(packed, -zlib.MAX_WBITS))
        path.chmod(0o755 if part.executable else 0o644)


def _deflate_bytes(content: bytes) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def write(archive: Path, parts: Iterable[tuple[ZipEntry, bytes]]) -> int:
    """Write the parts sorted by name, only the first of each name. Return the sum of their sizes in bytes."""
    first: dict[str, tuple[ZipEntry, bytes]] = {}
    for part, packed in parts:
        first.setdefault(part.name, (part, packed))
    with archive.open("wb") as file, zipfile.ZipFile(file, "w") as zipped:
        for name in sorted(first):
            entry = _entry(first[name][0])
            entry.header_offset = file.tell()
            file.write(entry.FileHeader())
            file.write(first[name][1])
            zipped.filelist.append(entry)
            zipped.start_dir = file.tell()
    return sum(part.size for part, _ in first.values())


def _entry(part: ZipEntry) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(part.name, _EPOCH)
    entry.create_system = _UNIX
    # Lambda's user has to be able to read every file, and to execute the programs of wheels.
    entry.external_attr = (0o100755 if part.executable else 0o100644) << 16
    entry.compress_type = zipfile.ZIP_STORED if part.stored else zipfile.ZIP_DEFLATED
    entry.CRC, entry.file_size, entry.compress_size = part.crc, part.size, part.packed
    return entry
