"""A function's interpreter and its descendants: they share one memory limit, and are frozen and ended together."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

KB_PER_MB = 1024


class ProcessTree:
    """The process `pid` and its descendants. Called often, so each process is read once, when it is new.

    contained: in a namespace of processes, whose first one is the only child of `pid`, and the interpreter is the first
    child of that one; otherwise the interpreter is `pid`.
    """

    def __init__(self, pid: int, *, contained: bool) -> None:
        self._pid, self._members, self._others = pid, {pid}, set[int]()
        self._contained = contained

    def end(self) -> None:
        """Kill all. With the first process of a namespace the kernel ends all of it, before `pid` is signalled."""
        first = next(iter(_children(self._pid)), None) if self._contained else None
        if first is None:
            self.send_signal(signal.SIGKILL)
        else:
            for each, number in ((first, signal.SIGKILL), (self._pid, signal.SIGCONT)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, number)

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to all."""
        for each in self._update_members():
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, number)

    def resident_memory(self) -> int:
        """Return their memory in MB: the interpreter's peak, or, with descendants, the present use of all.

        A page that several of them share counts once, as on AWS.
        """
        keepers = self._supervisors()
        members = self._update_members() - {*keepers}
        together = sum(_kilobytes(each, "smaps_rollup", "Pss:") for each in members) if len(members) > 1 else 0
        interpreter = next(iter(_children(keepers[-1])), 0) if keepers else self._pid
        return max(_kilobytes(interpreter, "status", "VmHWM:"), together) // KB_PER_MB

    def _supervisors(self) -> list[int]:
        """Those that are not the function's own."""
        return [self._pid, *_children(self._pid)] if self._contained else []

    def _update_members(self) -> set[int]:
        alive = {int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()}
        self._members &= alive
        self._others &= alive
        parents = {each: _parent(each) for each in alive - self._members - self._others}
        while born := {each for each, parent in parents.items() if parent in self._members} - self._members:
            self._members |= born
        self._others |= parents.keys() - self._members
        return self._members


def _parent(pid: int) -> int:
    """0 of a process that has ended."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    return 0


def _children(pid: int) -> list[int]:
    """The children of a process with one thread, the oldest one first; none of one that has ended."""
    with contextlib.suppress(OSError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _kilobytes(pid: int, file: str, name: str) -> int:
    """One line of a file of the kernel; 0 of a process that has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
    return 0
