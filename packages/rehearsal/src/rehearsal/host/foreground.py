"""A separate program that runs one command in the caller's terminal, and ends the processes that it leaves running.

foreground_command.py starts it. It exits with the command's status, or 128 plus the number of the signal that ended the
command, as a shell does.
"""

from __future__ import annotations

import signal
import subprocess
import sys

from rehearsal.host import namespaces, supervisor


def main(ending: str, *command: str) -> None:
    """Run `command`. ending: as in ForegroundCommand."""
    prctl = namespaces.libc.prctl
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Only the command reacts to an interrupt. A handler, not SIG_IGN: the command would inherit an ignored signal.
    signal.signal(signal.SIGINT, lambda *_: None)
    prctl(namespaces.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    prctl(namespaces.PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    code = None
    try:
        code = subprocess.call(command)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if ending and code is None:
            subprocess.call(["sh", "-c", ending], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        supervisor.terminate_descendants()
    sys.exit(code if code >= 0 else 128 - code)
