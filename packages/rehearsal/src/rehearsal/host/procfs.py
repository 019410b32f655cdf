"""Processes of this machine, as /proc describes them.

The programs that helper_process.py starts use it too, so it imports nothing that would slow their start.
Sources: proc_pid_stat(5), proc_pid_task(5).
"""

from __future__ import annotations

import os


def start_ticks(pid: int) -> int | None:
    """Return when the process started, in clock ticks since boot; None where it has ended or is a zombie.

    PID and start time identify a process across the reuse of its PID.
    """
    fields = _stat(pid)
    return None if _is_ended(fields) else int(fields[19])


def has_ended(pid: int) -> bool:
    """Return whether the process is a zombie, or does not exist any more."""
    return _is_ended(_stat(pid))


def parent(pid: int) -> int:
    """Return the parent's PID; 0 for a process that has ended."""
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def children(pid: int) -> list[int]:
    """Return the children of all threads of a process, oldest first; empty for a process that has ended."""
    folder = f"/proc/{pid}/task"
    try:
        threads = os.listdir(folder)
    except OSError:
        return []
    return [int(child) for thread in threads for child in read(f"{folder}/{thread}/children").split()]


def read(path: str) -> str:
    """Return the content of a file of /proc; empty for a process that has ended."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    """The fields from the state on, which is the first one after the program's name; empty for an ended process."""
    return read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _is_ended(fields: list[str]) -> bool:
    return fields[:1] in ([], ["Z"], ["X"])
