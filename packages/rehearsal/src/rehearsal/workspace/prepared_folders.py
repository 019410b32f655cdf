"""Entries of this user's cache that builds find in theirs, as links: `prepared` under `[codebuild]` in rehearsal.toml.

For caches whose entries are named by a digest of what they depend on, such as installed environments, so that a
project's first build does not install again what this machine has just installed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

XDG = "xdg"  # the folder among the caches of builds that they have as XDG_CACHE_HOME


def user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())


def link(caches: Path, names: Iterable[str]) -> None:
    """Create the missing links among the caches of builds, and remove those whose entry is gone.

    An entry that a build created by itself stays.
    """
    for name in names:
        cache = caches / XDG / name
        cache.mkdir(parents=True, exist_ok=True)
        for entry in cache.iterdir():
            if not entry.exists():
                entry.unlink(missing_ok=True)
        for entry in (user_cache() / name).glob("*"):
            if not os.path.lexists(cache / entry.name):
                (cache / entry.name).symlink_to(entry)
