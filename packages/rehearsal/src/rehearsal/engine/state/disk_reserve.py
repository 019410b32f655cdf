"""Room that a growing file has for itself, so that what must be written can be when the disk is full."""

from __future__ import annotations

import ctypes
import errno
import os

ROOM = 256 * 1024
FALLOC_FL_KEEP_SIZE = 1

_libc = ctypes.CDLL(None, use_errno=True)


class Reserve:
    """Keeps ROOM bytes behind the end of the open file `number`; its size stays as it is.

    Source: fallocate(2), FALLOC_FL_KEEP_SIZE. A file system without it gives no reserve, but is not full.
    """

    def __init__(self, number: int) -> None:
        self._number, self._end, self._until = number, os.fstat(number).st_size, 0
        self.scarce = False

    def extend(self, count: int) -> None:
        """Before each writing of so many bytes; sets `scarce` while the file lives on its last room."""
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
        """Free what was not used; the disk's own troubles are none here."""
        os.ftruncate(self._number, os.fstat(self._number).st_size)
