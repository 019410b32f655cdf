"""Disk usage of `.rehearsal/`, and what is removed when.

Journals, logs, artifacts and work folders of failed actions are kept for the last executions. The caches of builds are
removed last, because without them the next run is slow.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from rehearsal.engine.state import journal
from rehearsal.engine.state.rollback_targets import RollbackTargets
from rehearsal.errors import WrongUse
from rehearsal.host.removal import await_removals
from rehearsal.workspace import artifact_zips, build_area, shared_caches
from rehearsal.workspace.layout import Workspace
from rehearsal.workspace.locks import stale_scratch_folders, unused_files

KEPT_EXECUTIONS = 10
# Measuring the caches takes about a second, so it is not done at each run.
CHECK_INTERVAL_SECONDS = 24 * 3600.0
SCRATCH = ("listed", "plan", "shell")


def disk_usage(folder: Path) -> int:
    """Return the bytes that the files in `folder` take on disk; a file with several hard links counts once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                status = (Path(where) / name).lstat()
            except FileNotFoundError:  # another process cleans at the same time
                continue
            if (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                total += status.st_blocks * 512
    return total


def workspace_usage(space: Workspace) -> int:
    """Return the bytes that `.rehearsal/` and the build area outside the project take."""
    outside = build_area.area(space.home)
    return disk_usage(space.home) + (disk_usage(outside) if outside else 0)


def remove_all(space: Workspace) -> int:
    """Remove `.rehearsal/`, the build area, and the shared caches if no project is left; return the freed bytes.

    Raises WrongUse where a file in the build area belongs to another user; `.rehearsal/` then stays.
    """
    freed, outside, shared = workspace_usage(space), build_area.area(space.home), space.shared_caches
    if outside:
        _remove_build_area(outside)
    shutil.rmtree(space.home)
    if outside and not build_area.areas(outside.parent):
        with suppress(WrongUse):
            freed += remove_shared_caches(shared)
    return freed


def _remove_build_area(area: Path) -> None:
    try:
        shutil.rmtree(area)
    except PermissionError as error:
        raise WrongUse(
            f"{error.filename} cannot be removed: it belongs to another user, as after a build in an image whose"
            f" container was killed. Remove the build area as root (`sudo rm -rf {area}`), and repeat the command"
        ) from error


def clean(space: Workspace, keep: int = KEPT_EXECUTIONS) -> int:
    """Remove old executions and files that are quickly created again; return the bytes that became free."""
    before = workspace_usage(space)
    for execution in _removable_executions(space, keep):
        artifact_zips.remove(space, journal.read(space.journal(execution)))
        shutil.rmtree(space.execution(execution), ignore_errors=True)
    space.remove_failed_work_folders()
    with stale_scratch_folders(space, *SCRATCH) as folders:
        for path in folders:
            shutil.rmtree(path, ignore_errors=True)
    with unused_files(space) as unused:
        for folder in (space.home / "deploy", space.home / "objects", *space.home.glob("index-*")) if unused else ():
            shutil.rmtree(folder, ignore_errors=True)
    await_removals()
    return before - workspace_usage(space)


def _removable_executions(space: Workspace, keep: int) -> list[str]:
    """The executions to remove.

    Kept are: the newest `keep`; those that have not ended; those whose revision a stage has, or can be rolled back to;
    and those whose artifacts a kept rollback uses.
    """
    removable, used, targets = [], set[str](), RollbackTargets()
    for number, execution in enumerate(space.newest_first()):
        events = journal.read(space.journal(execution))
        first = next(iter(events), None)
        target, pipeline = (first.get("rollback_of"), first.get("pipeline")) if first else (None, None)
        ends = [event for event in events if event["type"] == "stage-finished" and event["status"] == "Succeeded"]
        stages = {f"{pipeline}/{end['stage']}" for end in ends}
        is_target = targets.add(set() if target else stages)
        if number < keep or is_target or execution in used or not journal.has_ended(events):
            used.add(target or execution)
        else:
            removable.append(execution)
    return removable


def enforce_disk_limit(space: Workspace, limit: int) -> list[str]:
    """Once a day, reduce `.rehearsal/` to `limit` bytes; return messages about what was removed.

    Old executions are removed first, then caches, the oldest first. The caches that projects share have the same limit.
    """
    stamp = space.home / "measured"
    if stamp.exists() and time.time() - stamp.stat().st_mtime < CHECK_INTERVAL_SECONDS:
        return []
    stamp.touch()
    return [*_reduce_workspace(space, limit), *_reduce_shared_caches(space.shared_caches, limit)]


def remove_shared_caches(shared: Path) -> int:
    """Empty the caches that projects share; return the bytes that became free. Raises WrongUse where one is used."""
    before = disk_usage(shared)
    shared_caches.remove(shared)
    return before - disk_usage(shared)


def _reduce_shared_caches(shared: Path, limit: int) -> list[str]:
    if disk_usage(shared) <= limit:
        return []
    try:
        freed = format_bytes(remove_shared_caches(shared))
    except WrongUse:  # tomorrow again
        return []
    return [f"the caches that projects share take more than {format_bytes(limit)}: removed, {freed}"]


def _reduce_workspace(space: Workspace, limit: int) -> list[str]:
    if workspace_usage(space) <= limit:
        return []
    freed = format_bytes(clean(space))
    messages = [f".rehearsal takes more than {format_bytes(limit)}: removed old executions, {freed}"]
    for cache in _oldest(space.caches):
        if workspace_usage(space) <= limit or space.server():
            break
        messages.append(f"removed the cache {cache.name}, {format_bytes(disk_usage(cache))}")
        shutil.rmtree(cache, ignore_errors=True)
    return messages


def _oldest(folder: Path) -> Iterator[Path]:
    yield from sorted(
        (path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()),
        key=lambda path: path.stat().st_mtime,
    )


def format_bytes(count: int) -> str:
    """Return a text such as `1.2 GB`, in powers of ten."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count / 1000:.0f} kB"
