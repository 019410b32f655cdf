"""Removal of folders and files while the caller continues."""

from __future__ import annotations

import subprocess
import threading
import time
import weakref
from pathlib import Path

_WAIT_SECONDS = 10.0
_removals: weakref.WeakSet[threading.Thread] = weakref.WeakSet()


def remove_in_background(*paths: Path) -> None:
    """Remove folders and files in a separate process while the caller continues.

    Removing tens of thousands of files in this process would hold up its other threads. `await_removals` waits for
    the end; if this process is killed, the removal continues.
    """
    words = ["rm", "-rf", "--", *map(str, paths)]

    def remove() -> None:
        subprocess.run(words, check=False, stderr=subprocess.DEVNULL, start_new_session=True)

    if paths:
        thread = threading.Thread(target=remove, daemon=True)
        _removals.add(thread)
        thread.start()


def await_removals() -> None:
    """Wait until everything given to `remove_in_background` is removed, at most _WAIT_SECONDS."""
    deadline = time.monotonic() + _WAIT_SECONDS
    for thread in [*_removals]:
        thread.join(max(0.0, deadline - time.monotonic()))
