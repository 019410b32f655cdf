"""The name under which this program was started, for the commands that its messages suggest."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

MODULE = "python -m rehearsal"
COMMAND = "rehearse"
# Set by the completion scripts; click derives this name from COMMAND.
COMPLETION_VARIABLE = "_REHEARSE_COMPLETE"


def command_name() -> str:
    """Return `rehearse`, or `python -m rehearsal` where the module was run."""
    return MODULE if Path(sys.argv[0]).name == "__main__.py" else COMMAND


def shell_command() -> str:
    """Return a command for a shell that does not depend on its search path.

    The form `python -m rehearsal` needs a Python that can import the package.
    """
    program = Path(sys.argv[0])
    command = [program.absolute()] if program.name == COMMAND else [sys.executable, "-m", "rehearsal"]
    return shlex.join(map(str, command))


def with_command_name(text: str) -> str:
    """Return a message in which `rehearse ` is replaced by the name that the user typed."""
    return text.replace(f"`{COMMAND} ", f"`{command_name()} ")
