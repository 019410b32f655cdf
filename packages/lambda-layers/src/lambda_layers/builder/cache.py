"""Cache of earlier builds: files by the digest of their bytes, and records by the key of their inputs.

A file is written under a temporary name and renamed, so that a killed build leaves no partial file. Each read compares
the content with its digest, so that a damaged entry counts as absent.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from lambda_layers.errors import WrongUse

_DAY = 24 * 3600
_RETENTION_SECONDS = 60 * _DAY
# 4 GiB: about twenty of the largest layers, with their packages.
_MAX_BYTES = 4 * 2**30
_COPY_BYTES = 2**18


def default_folder() -> Path:
    """Return `${XDG_CACHE_HOME:-~/.cache}/lambda-layers-pipeline/layers`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lambda-layers-pipeline" / "layers"


class Cache(NamedTuple):
    """The cache in one folder; builds may use it concurrently."""

    folder: Path

    @property
    def downloads(self) -> Path:
        """The folder of uv's cache for layers."""
        return self.folder / "uv"

    def record(self, key: str) -> Any:
        """Return the record of `key`; None if it is absent or damaged."""
        try:
            checksum, _, body = _touched(self.folder / "records" / key).read_text().partition("\n")
        except (OSError, UnicodeDecodeError):
            return None
        return json.loads(body) if digest(body.encode()) == checksum else None

    def keep_record(self, key: str, value: object) -> None:
        """Store `value`, which has to be JSON, under `key`."""
        body = json.dumps(value)
        content = f"{digest(body.encode())}\n{body}"
        write_atomically(self.folder / "records" / key, content.encode())

    def file(self, checksum: str) -> Path:
        """Return where the file with this digest is kept."""
        return self.folder / "files" / checksum

    def keep_moved(self, path: Path, checksum: str) -> None:
        """Keep a file of a scratch folder, whose digest the caller knows, by moving it."""
        stored = self.file(checksum)
        stored.parent.mkdir(parents=True, exist_ok=True)
        path.replace(stored)

    def keep_bytes(self, content: bytes, checksum: str) -> None:
        """Store bytes. checksum: their digest."""
        write_atomically(self.file(checksum), content)

    def has(self, checksum: str) -> bool:
        """Whether the file with this digest is kept, and undamaged."""
        if sha256(self.file(checksum)) != checksum:
            return False
        _touched(self.file(checksum))
        return True

    def prune(self) -> None:
        """Remove entries that no build has used for 60 days, and leftovers of killed builds."""
        import shutil  # noqa: PLC0415 - a build with nothing to do removes nothing

        now = time.time()
        for path in [*self.folder.glob("files/*"), *self.folder.glob("records/*"), *self.folder.glob("scratch-*")]:
            with suppress(FileNotFoundError):  # another build prunes as well
                is_temporary = path.name.startswith((".", "scratch-"))
                if now - path.stat().st_mtime > (_DAY if is_temporary else _RETENTION_SECONDS):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
        self._prune_to_size()
        with suppress(FileNotFoundError):
            self._prune_downloads()

    def _prune_to_size(self) -> None:
        """Remove the least recently used files if all of them are too large; a build writes them again."""
        entries: list[tuple[float, int, Path]] = []
        for path in self.folder.glob("files/*"):
            with suppress(FileNotFoundError):
                entries.append((path.stat().st_mtime, path.stat().st_size, path))
        total = 0
        for _, size, path in sorted(entries, reverse=True):
            total += size
            if total > _MAX_BYTES:
                path.unlink(missing_ok=True)

    def _prune_downloads(self) -> None:
        """Remove all downloads after 60 days: uv does not record which were used. Built packages stay cached."""
        import shutil  # noqa: PLC0415 - as above

        tag = self.downloads / "CACHEDIR.TAG"  # uv writes it when it creates the cache
        if tag.exists() and time.time() - tag.stat().st_mtime > _RETENTION_SECONDS:
            old = self.folder / f"scratch-{os.urandom(8).hex()}"
            self.downloads.rename(old)
            shutil.rmtree(old)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a temporary folder on the file system of the cache, so that files can be linked instead of copied."""
        import tempfile  # noqa: PLC0415 - a build with nothing to do makes no folder

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WrongUse(f"the cache can't be in {self.folder}: {error}; let XDG_CACHE_HOME name a folder") from error
        with tempfile.TemporaryDirectory(prefix="scratch-", dir=self.folder) as folder:
            yield Path(folder)

    def copy_to(self, checksum: str, to: Path) -> bool:
        """Copy the file with this digest; return False, and write nothing, if the cache does not have it undamaged."""
        copied, temporary = hashlib.sha256(), _temporary_path(to)
        try:
            with self.file(checksum).open("rb", buffering=0) as source, temporary.open("wb", buffering=0) as target:
                while chunk := source.read(_COPY_BYTES):
                    copied.update(chunk)
                    target.write(chunk)
            _touched(self.file(checksum))
        except FileNotFoundError:
            return False
        if copied.hexdigest() != checksum:
            temporary.unlink()
            return False
        temporary.replace(to)
        return True


def digest(content: bytes) -> str:
    """Return the sha256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sha256(path: Path) -> str | None:
    """Return the sha256 of a file, in hexadecimal; None if there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old content or the new one, never a part."""
    temporary = _temporary_path(path)
    temporary.write_bytes(content)
    temporary.replace(path)


def _touched(path: Path) -> Path:
    """Return the path of a file after setting its time of last use, which `prune` reads."""
    os.utime(path)
    return path


def _temporary_path(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name}.{os.urandom(8).hex()}")  # process ids are not unique across containers
