"""Commands in the terminal of this process, by the program foreground.py."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal.host import foreground, helper_process

# The exit status of a command that SIGINT has ended, as shells report it.
INTERRUPTED = 128 + signal.SIGINT


@dataclass(frozen=True)
class ForegroundCommand:
    """A command for a terminal. ending: shell code that ends what it has started elsewhere, where it is killed."""

    words: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    ending: str = ""


def run_in_foreground(command: ForegroundCommand) -> int:
    """Run a command in the terminal of this process; return its exit status, as a shell reports it.

    Processes that it leaves running are ended. Only the command reacts to an interrupt.
    """
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        words = [*helper_process.helper_command(foreground.__name__), command.ending, *command.words]
        return subprocess.run(words, cwd=command.cwd, env=dict(command.env), check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)
