"""Identify a process across PID reuse, by its PID and its start time."""

from __future__ import annotations

from pathlib import Path


def start_ticks(pid: int) -> int | None:
    """Return when the process started, in clock ticks since boot; None where it has ended or is a zombie.

    Source: proc_pid_stat(5), state and starttime.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])
