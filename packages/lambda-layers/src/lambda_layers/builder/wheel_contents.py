"""Digests of wheels' contents, recorded when uv has verified a wheel by the lock's hash.

uv verifies a wheel when it downloads it, but not when it links the unpacked files from its cache, RECORD among them. So
the digest of the first download's content is recorded, and files from the cache are used only if they have it.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from packaging.utils import canonicalize_name

from lambda_layers.builder import cache_key, record_file
from lambda_layers.builder.cache import Cache
from lambda_layers.builder.installed import file_status
from lambda_layers.locks.pin import Pin
from lambda_layers.target.platform import Target


class WheelContents(NamedTuple):
    """The digests of wheels' contents for one target. cache: where they are stored."""

    cache: Cache
    target: Target

    def differs(self, pin: Pin, digest: str) -> bool:
        """Return whether the first download of this package, which uv verified, had another content."""
        return self.cache.record(self._key(pin)) not in (None, digest)

    def keep(self, pin: Pin, digest: str) -> None:
        """Record the content of a download that uv verified."""
        self.cache.keep_record(self._key(pin), digest)

    def _key(self, pin: Pin) -> str:
        return cache_key.digest(
            "wheel contents", pin.name, pin.version, pin.hashes, self.target.python, self.target.architecture
        )


def installed_contents(folder: Path, python: str) -> dict[str, str]:
    """Return package -> digest of its files in `folder`. Scripts count without the path of `python`."""
    infos = folder.glob("*.dist-info")
    return {canonicalize_name(info.stem.rpartition("-")[0]): _digest(folder, info, python) for info in infos}


def _digest(folder: Path, info: Path, python: str) -> str:
    lines = sorted(_lines(folder, info, python.encode()))
    return hashlib.sha256(b"".join(lines)).hexdigest()


def _lines(folder: Path, info: Path, python: bytes) -> Iterator[bytes]:
    """Yield a line for each file of a package: its row in RECORD, whether it is executable, and its digest.

    RECORD's own digests are enough: each file is compared with them when it is packed. Files without one are read here.
    """
    record = f"{info.name}/RECORD"
    for row in record_file.read((info / "RECORD").read_bytes()):
        path, script = f"{folder}/{row.path}", row.path.startswith("bin/")
        status = file_status(path)
        if row.path == record or status is None:
            digest = ""
        else:
            digest = f"{bool(status.st_mode & stat.S_IXUSR):d} {_unrecorded_digest(path, row, python)}"
        recorded = row.path if script else f"{row.path},{row.digest},{row.size}"
        yield f"{recorded} {digest}\n".encode(errors="surrogateescape")


def _unrecorded_digest(path: str, row: record_file.Row, python: bytes) -> str:
    """Return the digest of a file that RECORD does not have, or has for this machine only; otherwise nothing."""
    if row.path.startswith("bin/"):
        # uv writes the interpreter's path into scripts, which differs from project to project.
        return hashlib.sha256(Path(path).read_bytes().replace(python, b"python")).hexdigest()
    recorded = row.digest.partition("=")[0] in record_file.ALGORITHMS
    return "" if recorded else hashlib.sha256(Path(path).read_bytes()).hexdigest()
