"""How this program was called, for what it tells people to call next."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

MODULE = "python -m rehearsal"
COMMAND = "rehearse"


def command_name() -> str:
    """The command of the wheel, where that was called; else the module."""
    return COMMAND if Path(sys.argv[0]).name == COMMAND else MODULE


def shell_command() -> str:
    """The same for a shell, whatever its search path is; of the module, Python still has to find the package."""
    command = [Path(sys.argv[0]).absolute()] if command_name() == COMMAND else [sys.executable, "-m", "rehearsal"]
    return shlex.join(map(str, command))


def with_command_name(text: str) -> str:
    """A message with the name that the person used."""
    return text.replace(MODULE, command_name())
