"""A range of a file's bytes, which is read only when it is copied: large content is not held in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

_CHUNK_BYTES = 2**20


class Extent(NamedTuple):
    """`size` bytes of a file, from `offset` on."""

    path: Path
    offset: int
    size: int


class ExtentReader(ExitStack):
    """Reads extents; a file is opened once, and extents that follow each other are read from one buffer."""

    def __init__(self) -> None:
        """Nothing is open yet."""
        super().__init__()
        self._files: dict[Path, BinaryIO] = {}

    def __enter__(self) -> Self:
        return self

    def chunks(self, extent: Extent) -> Iterator[bytes]:
        """Yield the bytes, a part at a time."""
        if extent.path not in self._files:
            self._files[extent.path] = self.enter_context(extent.path.open("rb", buffering=_CHUNK_BYTES // 4))
        file = self._files[extent.path]
        if file.tell() != extent.offset:
            file.seek(extent.offset)
        for done in range(0, extent.size, _CHUNK_BYTES):
            yield file.read(min(_CHUNK_BYTES, extent.size - done))
