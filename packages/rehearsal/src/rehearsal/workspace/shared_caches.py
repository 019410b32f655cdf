"""Download caches that the rehearsals of all projects share: a project's cache folder has links to them.

Their tools find content by its digest or version, replace files atomically and lock what they unpack, so that builds of
several projects can use them at the same time. Other caches, such as those that a buildspec names, belong to a project.
Sources: npm, "cacache"; uv, "Caching", cache safety; pip, "Caching"; jsii, "Package cache".
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

from rehearsal.errors import WrongUse

# runtimes: versions of Node.js and of the AWS CLI, each of which is installed once, by a rename of a complete folder.
NAMES = ("jsii", "npm", "pip", "runtimes", "uv")
_LOCK = ".lock"


def are_connected(caches: Path) -> bool:
    """Return whether a project's folder of caches has all links."""
    return all((caches / name).exists() and (caches / name).is_symlink() for name in NAMES)


def connect(caches: Path, shared: Path) -> None:
    """Create the links in a project's folder of caches; a cache that the project had by itself is moved or removed."""
    shared.mkdir(mode=0o700, exist_ok=True)
    for name in NAMES:
        cache, target = caches / name, shared / name
        if cache.is_dir() and not cache.is_symlink() and not target.exists():
            cache.rename(target)
        target.mkdir(exist_ok=True)
        if not cache.is_symlink():
            shutil.rmtree(cache, ignore_errors=True)
            # relative, because bundling mounts the whole tree elsewhere
            cache.symlink_to(os.path.relpath(target, caches))


def keep_until_exit(shared: Path) -> None:
    """Keep the caches from being removed until this process ends; wait while they are removed."""
    fcntl.flock(_open_lock(shared), fcntl.LOCK_SH)


def remove(shared: Path) -> None:
    """Empty the caches. Raises WrongUse where a rehearsal of any project uses them."""
    file = _open_lock(shared)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for name in NAMES:
            shutil.rmtree(shared / name, ignore_errors=True)
            (shared / name).mkdir(exist_ok=True)
    except BlockingIOError:
        raise WrongUse(
            f"rehearsals use the caches in {shared}: end the embedded AWS of every project (`rehearse down`) first"
        ) from None
    finally:
        os.close(file)


def _open_lock(shared: Path) -> int:
    """Open the lock. Its file is never removed: another process could then lock a new one."""
    shared.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(shared / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
