"""A wheel's RECORD: its files and their digests.

Source: packaging.python.org, "Recording installed projects", The RECORD file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

# What RECORD may name a digest with. Source: the same page.
ALGORITHMS = frozenset({"sha256", "sha384", "sha512"})


class Row(NamedTuple):
    """One file: its path relative to the import root, its digest (`sha256=...` or empty), and its size."""

    path: str
    digest: str
    size: str


def read(content: bytes) -> list[Row]:
    """Return the rows of a RECORD with any line ends, quotes and encoding."""
    text = io.StringIO(content.decode(errors="surrogateescape"), newline="")
    # a row may lack its digest and size, and files may have rows without a path
    return [Row(*[*row, "", ""][:3]) for row in csv.reader(text) if row and row[0]]


def replace(record: Path, rows: Iterable[Row]) -> None:
    """Write the rows, sorted by path, to a new file: the old one may be a hard link into uv's cache."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(sorted(rows))
    record.unlink()
    record.write_bytes(text.getvalue().encode(errors="surrogateescape"))
