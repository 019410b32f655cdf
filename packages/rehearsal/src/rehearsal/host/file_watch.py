"""A watch on a file that other processes replace, by Linux's inotify.

Source: the manual page inotify(7).
"""

from __future__ import annotations

import ctypes
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

_CLOSE_WRITE, _MOVED_TO, _DELETE = 0x8, 0x80, 0x200
_EVENTS_BYTES = 4096

_libc = ctypes.CDLL(None, use_errno=True)
log = logging.getLogger(__name__)


def watch(path: Path, changed: Callable[[], object]) -> None:
    """Call `changed` in a daemon thread whenever the file is written, replaced or removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _libc.inotify_init1(os.O_CLOEXEC)
    mask = _CLOSE_WRITE | _MOVED_TO | _DELETE
    if descriptor < 0 or _libc.inotify_add_watch(descriptor, os.fsencode(path.parent), mask) < 0:
        reason = os.strerror(ctypes.get_errno())
        log.warning("%s: changes are noticed late, because the kernel refuses to watch its folder: %s", path, reason)
        return
    about = (descriptor, b"\0%s\0" % os.fsencode(path.name), changed)
    threading.Thread(target=_report, args=about, name=f"watch-{path.name}", daemon=True).start()


def _report(descriptor: int, name: bytes, changed: Callable[[], object]) -> None:
    while events := os.read(descriptor, _EVENTS_BYTES):
        if name in events:  # an event's name follows its length field, whose last byte is 0, and is padded with zeros
            changed()
