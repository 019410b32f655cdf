"""Build numbers: each project counts its builds from 1, and its batches."""

from __future__ import annotations

import fcntl
from pathlib import Path


def next_number(folder: Path, counter: str = "number") -> int:
    """Return the next number. folder: the project's folder, which is kept between builds."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / counter).open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        number = int(file.read() or 0) + 1
        file.truncate(0)
        file.write(str(number))
    return number
