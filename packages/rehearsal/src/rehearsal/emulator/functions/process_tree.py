"""The processes of a function, which share one memory limit, and are frozen and ended together."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable
from pathlib import Path

from rehearsal.host import procfs

KB_PER_MB = 1024


class ProcessTree:
    """The process `pid` and its descendants. Each process of the machine is read once, because calls are frequent.

    contained: whether there is a PID namespace, whose first process is the only child of `pid`, and has the interpreter
    as its first child; otherwise `pid` is the interpreter.
    """

    def __init__(self, pid: int, *, contained: bool) -> None:
        self._pid, self._members, self._others = pid, {pid}, set[int]()
        self._contained = contained

    def end(self) -> None:
        """Kill all processes. The kernel kills a whole PID namespace with its first process."""
        first = next(iter(procfs.children(self._pid)), None) if self._contained else None
        if first is None:
            self.send_signal(signal.SIGKILL)
        else:
            for process, number in ((first, signal.SIGKILL), (self._pid, signal.SIGCONT)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, number)

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to all processes."""
        for member in self._update_members():
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, number)

    def memory(self) -> tuple[int, int]:
        """Return the memory in MB, and how much of it has pages of files, such as programs.

        The memory is the interpreter's peak, or the current use of all processes if that is more. A page that several
        processes share counts once, as on AWS.
        """
        supervisors = self._supervisors()
        members = self._update_members() - {*supervisors}
        interpreter = next(iter(procfs.children(supervisors[-1])), 0) if supervisors else self._pid
        peak, files = (_kilobytes(interpreter, "status", name) for name in ("VmHWM:", "RssFile:"))
        if len(members) > 1:
            together, of_files = (_total(members, name) for name in ("Pss:", "Pss_File:"))
            peak, files = max((peak, files), (together, of_files))
        return peak // KB_PER_MB, files // KB_PER_MB

    def _supervisors(self) -> list[int]:
        """The processes that do not count as the function's."""
        return [self._pid, *procfs.children(self._pid)] if self._contained else []

    def _update_members(self) -> set[int]:
        alive = {int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()}
        self._members &= alive
        self._others &= alive
        parents = {process: procfs.parent(process) for process in alive - self._members - self._others}
        while born := {process for process, parent in parents.items() if parent in self._members} - self._members:
            self._members |= born
        self._others |= parents.keys() - self._members
        return self._members


def _total(pids: Iterable[int], name: str) -> int:
    return sum(_kilobytes(pid, "smaps_rollup", name) for pid in pids)


def _kilobytes(pid: int, file: str, name: str) -> int:
    """A value in kB from a file of /proc; 0 for a process that has ended."""
    for line in procfs.read(f"/proc/{pid}/{file}").splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0
