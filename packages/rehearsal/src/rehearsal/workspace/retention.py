"""The disk that `.rehearsal/` takes: what goes first, and what stays.

Journals, logs, artifacts and what failed actions worked in stay for the last executions; what builds have downloaded
stays as long as there is room, because without it the next run is slow.
"""

from __future__ import annotations

import collections
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from rehearsal.engine.state import journal
from rehearsal.host.processes import await_removals
from rehearsal.workspace import artifact_zips, build_area
from rehearsal.workspace.layout import Workspace
from rehearsal.workspace.locks import stale_scratch_folders, unused_files

KEPT_EXECUTIONS = 10
# Of each stage: the one that it is in, and the one that it can be rolled back to.
KEPT_SUCCESSES = 2
# Walking through the caches takes a second or so: not worth it at each run.
CHECK_INTERVAL_SECONDS = 24 * 3600.0
SCRATCH = ("listed", "plan", "shell")


def disk_usage(folder: Path) -> int:
    """The bytes that the files in `folder` take on disk; a file with several names counts once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                about = (Path(where) / name).lstat()
            except FileNotFoundError:  # another process cleans at the same time
                continue
            if (about.st_dev, about.st_ino) not in seen:
                seen.add((about.st_dev, about.st_ino))
                total += about.st_blocks * 512
    return total


def workspace_usage(space: Workspace) -> int:
    """The bytes that `.rehearsal/` takes, with what builds work in and what they keep outside the project."""
    outside = build_area.area(space.home)
    return disk_usage(space.home) + (disk_usage(outside) if outside else 0)


def remove_all(space: Workspace) -> int:
    """Remove everything; the bytes that became free."""
    freed, outside = workspace_usage(space), build_area.area(space.home)
    shutil.rmtree(space.home)
    if outside:
        shutil.rmtree(outside)
    return freed


def clean(space: Workspace, keep: int = KEPT_EXECUTIONS) -> int:
    """Remove old executions and files that are quickly created again; return the bytes that became free."""
    before = workspace_usage(space)
    for execution in _removable_executions(space, keep):
        artifact_zips.remove(space, journal.read(space.journal(execution)))
        shutil.rmtree(space.execution(execution), ignore_errors=True)
    space.remove_failed_work_folders()
    with stale_scratch_folders(space, *SCRATCH) as folders:
        for each in folders:
            shutil.rmtree(each, ignore_errors=True)
    with unused_files(space) as unused:
        for folder in (space.home / "deploy", space.home / "objects", *space.home.glob("index-*")) if unused else ():
            shutil.rmtree(folder, ignore_errors=True)
    await_removals()
    return before - workspace_usage(space)


def _removable_executions(space: Workspace, keep: int) -> list[str]:
    """All but the newest `keep`, those that have not ended, those that a stage is in or can be rolled back to, and
    those whose artifacts one of these takes.
    """
    old, taken, succeeded = [], set[str](), collections.Counter[str]()
    for number, execution in enumerate(space.newest_first()):
        events = journal.read(space.journal(execution))
        first = next(iter(events), {})
        whose, pipeline = first.get("rollback_of"), first.get("pipeline")
        ends = [each for each in events if each["type"] == "stage-finished" and each["status"] == "Succeeded"]
        stages = {f"{pipeline}/{each['stage']}" for each in ends}
        wanted = not whose and any(succeeded[stage] < KEPT_SUCCESSES for stage in stages)
        if not whose:
            succeeded.update(stages)
        if number < keep or wanted or execution in taken or not journal.has_ended(events):
            taken.add(whose or execution)
        else:
            old.append(execution)
    return old


def enforce_disk_limit(space: Workspace, limit: int) -> list[str]:
    """Once a day, keep `.rehearsal/` within `limit` bytes; what was removed, in words. Caches go last, oldest first."""
    stamp = space.home / "measured"
    if stamp.exists() and time.time() - stamp.stat().st_mtime < CHECK_INTERVAL_SECONDS:
        return []
    stamp.touch()
    if workspace_usage(space) <= limit:
        return []
    said = [f".rehearsal takes more than {format_bytes(limit)}: removed old executions, {format_bytes(clean(space))}"]
    for cache in _oldest(space.caches):
        if workspace_usage(space) <= limit or space.server():
            break
        said.append(f"removed the cache {cache.name}, {format_bytes(disk_usage(cache))}")
        shutil.rmtree(cache, ignore_errors=True)
    return said


def _oldest(folder: Path) -> Iterator[Path]:
    yield from sorted((each for each in folder.iterdir() if each.is_dir()), key=lambda each: each.stat().st_mtime)


def format_bytes(count: int) -> str:
    """`1.2 GB`, in powers of ten."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count / 1000:.0f} kB"
