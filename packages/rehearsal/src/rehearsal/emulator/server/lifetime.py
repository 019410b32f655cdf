"""The end of the emulator's process without a signal: when it has no user or no workspace any more."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from pathlib import Path

from rehearsal.workspace.layout import Workspace
from rehearsal.workspace.locks import usage_lock

UNUSED_SECONDS = 0.1
# How often the process checks that its workspace still exists.
ORPHAN_CHECK_SECONDS = 1.0


def end_without_users(workspace: Workspace, loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    """Set `ended` when no other process uses this one, unless it is detached.

    The use lock is then held until the end of this process, so that new users wait.
    """
    with usage_lock(workspace) as use:
        while not use.try_exclusive():
            time.sleep(UNUSED_SECONDS)
        server = workspace.server()
        if server and server.detached:
            return
        loop.call_soon_threadsafe(ended.set)
        threading.Event().wait()


def end_without_workspace(workspace: Workspace) -> None:
    """Kill this process group when `.rehearsal` was removed, since no command can find the emulator any more."""
    born = workspace.home.stat().st_ino
    while _inode(workspace.home) == born:
        time.sleep(ORPHAN_CHECK_SECONDS)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _inode(folder: Path) -> int | None:
    try:
        return folder.stat().st_ino
    except OSError:
        return None
