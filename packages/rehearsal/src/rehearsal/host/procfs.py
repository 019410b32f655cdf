"""Which process a number means: the kernel gives the number of one that has ended to another one."""

from __future__ import annotations

from pathlib import Path


def start_ticks(pid: int) -> int | None:
    """When the process started, in clock ticks since the machine did; None where it has ended, a zombie included.

    Source: proc_pid_stat(5), state and starttime.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])
