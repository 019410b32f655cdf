"""The disk that `.rehearsal/` takes: what goes first, and what stays.

Journals, logs and what failed actions worked in stay for the last executions; what builds have downloaded stays as long
as there is room, because without it the next run is slow.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from rehearsal.workspace import Workspace

KEPT_EXECUTIONS = 10
# Walking through the caches takes a second or so: not worth it at each run.
MEASURED_EVERY = 24 * 3600.0


def size(folder: Path) -> int:
    """The bytes that the files in `folder` take on disk; a file with several names counts once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                about = (Path(where) / name).lstat()
            except FileNotFoundError:  # somebody tidies at the same time
                continue
            if (about.st_dev, about.st_ino) not in seen:
                seen.add((about.st_dev, about.st_ino))
                total += about.st_blocks * 512
    return total


def clean(space: Workspace, keep: int = KEPT_EXECUTIONS) -> int:
    """Remove old executions and what can be made again at once; the bytes that became free.

    An execution that may still be running is no old one: `keep` is 1 at least.
    """
    before = size(space.home)
    for execution in space.newest_first()[max(keep, 1) :]:
        shutil.rmtree(space.execution(execution), ignore_errors=True)
    space.tidy()
    for each in [space.home / name for name in ("deploy", "plan", "objects")] + [*space.home.glob("index-*")]:
        shutil.rmtree(each, ignore_errors=True)
    return before - size(space.home)


def look_after(space: Workspace, limit: int) -> list[str]:
    """Once a day, keep `.rehearsal/` within `limit` bytes; what was removed, in words. Caches go last, oldest first."""
    stamp = space.home / "measured"
    if stamp.exists() and time.time() - stamp.stat().st_mtime < MEASURED_EVERY:
        return []
    stamp.touch()
    if size(space.home) <= limit:
        return []
    said = [f".rehearsal takes more than {told(limit)}: removed old executions, {told(clean(space))}"]
    for cache in _oldest(space.caches):
        if size(space.home) <= limit or space.server():
            break
        said.append(f"removed the cache {cache.name}, {told(size(cache))}")
        shutil.rmtree(cache, ignore_errors=True)
    return said


def _oldest(folder: Path) -> Iterator[Path]:
    yield from sorted((each for each in folder.iterdir() if each.is_dir()), key=lambda each: each.stat().st_mtime)


def told(count: int) -> str:
    """`1.2 GB`, in powers of ten."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count / 1000:.0f} kB"
