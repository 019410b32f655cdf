"""Files of artifacts: one file out of a zip in S3, by ranges, so that a large artifact is not downloaded."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator

from pipeline_console.errors import Problem, ReadFailed
from pipeline_console.reads.client import Aws, Json
from pipeline_console.views.waterfall import ActionRun, Artifact

CHANGES = "changes.md"
# A report is text of a few pages; more of it is not shown.
REPORT_BYTES = 400_000
CUT = f"\n\nThe report is longer than {REPORT_BYTES:,} bytes; the rest of it is in the artifact.\n"
_BLOCK = 65_536
# The directory of a zip with some 100,000 files; one that claims more is not read.
_LONGEST_READ = 16_000_000
# What damaged, encrypted and hostile zips raise. Source: Python library reference, "zipfile".
ZIP_ERRORS = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError, zlib.error)


class S3File(io.RawIOBase):
    """An object of S3 that is read by ranges. Raises ReadFailed where a range cannot be read."""

    def __init__(self, aws: Aws, artifact: Artifact, region: str) -> None:
        self._aws, self._artifact, self._region, self._at = aws, artifact, region, 0
        answer = self._get(f"bytes=-{_BLOCK}")
        tail: bytes = answer["Body"].read()
        span = answer.get("ContentRange", "")
        self._size = int(span.rpartition("/")[2]) if "/" in span else len(tail)
        self._blocks: dict[int, bytes] = {self._size - len(tail): tail}

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it has positions."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """Read from the position on."""
        end = self._size if size < 0 else min(self._at + size, self._size)
        if self._at >= end:
            return b""
        if end - self._at > _LONGEST_READ:
            raise zipfile.BadZipFile(f"its directory has more than {_LONGEST_READ:,} bytes")
        start, block = self._block(self._at, end)
        content = block[self._at - start : end - start]
        self._at = end
        return content

    def _block(self, begin: int, end: int) -> tuple[int, bytes]:
        """Return a block with the bytes from `begin` to `end`, read before or now, and where it starts."""
        for start, block in self._blocks.items():
            if start <= begin and end <= start + len(block):
                return start, block
        last = min(max(end, begin + _BLOCK), self._size) - 1
        self._blocks[begin] = self._get(f"bytes={begin}-{last}")["Body"].read()
        return begin, self._blocks[begin]

    def _get(self, span: str) -> Json:
        place = {"Bucket": self._artifact.bucket, "Key": self._artifact.key}
        return self._aws.call("s3", "get_object", region=self._region, Range=span, **place)


def read_changes(aws: Aws, artifact: Artifact, region: str) -> str | None:
    """Return changes.md of an artifact; None where it has no such file. Raises ReadFailed."""
    try:
        with zipfile.ZipFile(S3File(aws, artifact, region)) as archive:
            name = next((name for name in archive.namelist() if name.rpartition("/")[2] == CHANGES), None)
            if name is None:
                return None
            text = read_member(archive, name, REPORT_BYTES + 1)
    except ZIP_ERRORS as error:
        where = f"s3://{artifact.bucket}/{artifact.key}"
        raise ReadFailed(Problem("rejected", "s3:GetObject", f"{where} cannot be read as a zip: {error}")) from error
    return text[:REPORT_BYTES].decode(errors="replace") + (CUT if len(text) > REPORT_BYTES else "")


def read_member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Return at most so many bytes of a file, which may unpack to gigabytes, whatever the directory says."""
    with archive.open(name) as file:
        return file.read(most)


def candidates(runs: tuple[ActionRun, ...]) -> Iterator[tuple[ActionRun, Artifact]]:
    """Return the output artifacts of builds, in which a report of changes may be; of retries, the latest."""
    latest = {(run.stage, run.name): run for run in runs if run.category in ("Build", "Test", "Compute")}
    for run in latest.values():
        for artifact in run.outputs:
            yield run, artifact
