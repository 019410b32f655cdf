"""Disk space that is reserved for a growing file, so that it can still be written when the disk is full."""

from __future__ import annotations

import ctypes
import errno
import os

ROOM = 256 * 1024
FALLOC_FL_KEEP_SIZE = 1

_libc = ctypes.CDLL(None, use_errno=True)


class Reserve:
    """Reserves ROOM bytes behind the end of an open file, without changing its size. number: the file descriptor.

    scarce: the disk is full, and the reserve is in use. A file system without fallocate has no reserve.
    Source: fallocate(2), FALLOC_FL_KEEP_SIZE.
    """

    def __init__(self, number: int) -> None:
        self._number, self._end, self._until = number, os.fstat(number).st_size, 0
        self.scarce = False

    def extend(self, count: int) -> None:
        """Extend the reserve, and set `scarce`. Call this before each write of `count` bytes."""
        end = os.fstat(self._number).st_size if self.scarce else self._end
        self._end = end + count
        if end <= self._until - ROOM // 2:
            return
        size = (ctypes.c_int64(end), ctypes.c_int64(ROOM))
        failed = _libc.fallocate64(self._number, FALLOC_FL_KEEP_SIZE, *size)
        self.scarce = bool(failed) and ctypes.get_errno() in (errno.ENOSPC, errno.EDQUOT)
        if not failed:
            self._until = end + ROOM

    def give_back(self) -> None:
        """Free the unused reserve."""
        os.ftruncate(self._number, os.fstat(self._number).st_size)
