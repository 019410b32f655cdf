"""Short commands whose output is not shown: each succeeds, or raises an error with what it printed."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from rehearsal.errors import RehearsalError


class CommandFailed(RehearsalError):
    """A command failed; the text says why. output: what it printed, or the end of it."""

    def __init__(self, text: str, output: str = "") -> None:
        super().__init__(text)
        self.output = output or text


def run_checked(
    command: Sequence[str],
    *,
    message: bytes = b"",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    seconds: float | None = None,
) -> str:
    """Run a command and return what it prints. Raises CommandFailed with the last line of its standard error.

    message: its standard input. env: replaces the environment of this process. seconds: its time limit.
    """
    try:
        done = subprocess.run(
            command, input=message, env=env, cwd=cwd, timeout=seconds, capture_output=True, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandFailed(str(error)) from error
    if done.returncode:
        errors = done.stderr.decode(errors="replace").strip()
        last_line = errors.rpartition("\n")[2]  # a traceback ends with the error
        raise CommandFailed(last_line or f"{command[0]} ended with {done.returncode}", errors)
    return done.stdout.decode(errors="replace")
