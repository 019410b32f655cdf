"""The name that this program was called by, for the commands that its messages suggest."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

MODULE = "python -m rehearsal"
COMMAND = "rehearse"
# Set by the completion scripts, as click has it.
COMPLETION_VARIABLE = "_REHEARSE_COMPLETE"


def command_name() -> str:
    """Return `rehearse`, or `python -m rehearsal` where the module was run."""
    return MODULE if Path(sys.argv[0]).name == "__main__.py" else COMMAND


def shell_command() -> str:
    """Return the command for a shell, whatever its search path is; Python has to find the package of a module."""
    program = Path(sys.argv[0])
    command = [program.absolute()] if program.name == COMMAND else [sys.executable, "-m", "rehearsal"]
    return shlex.join(map(str, command))


def with_command_name(text: str) -> str:
    """A message with the name that the person used."""
    return text.replace(f"`{COMMAND} ", f"`{command_name()} ")
