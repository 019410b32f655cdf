"""Programs that run the commands of a build or a test, one at a time: on this machine, or in a container."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from rehearsal.errors import RehearsalError
from rehearsal.host import framing, helper_process, supervisor

# The folder that is hidden from every command, then the folders in it that stay visible; empty: nothing is hidden.
_hidden: list[str] = []


def hide(folder: Path, *shown: Path) -> None:
    """Hide a folder, except the folders `shown` in it, from every command that this process starts from now on."""
    _hidden[:] = [str(folder), *map(str, shown)]


class CommandRunner(Protocol):
    """A program that runs commands one at a time, such as supervisor.py.

    It reads a message for each command from standard input, and writes a line `NUL token status` after the output of
    the command. At the end of its input it ends every process that a command started, and then itself.
    """

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of the program, which is not that of the commands."""

    def program(self, token: str) -> Sequence[str]: ...
    def message(self, command: Sequence[str], cwd: str, env: Mapping[str, str]) -> bytes: ...
    def early_end(self, tail: Sequence[str]) -> RehearsalError:
        """Return the error for a program that ended before its input; tail: its last lines."""

    def clean_up(self) -> None:
        """Remove what the program has left; called where it was killed or failed."""


class Supervisor:
    """Runs commands on this machine, by supervisor.py."""

    environment: Mapping[str, str] = {"PATH": os.defpath}

    def program(self, token: str) -> Sequence[str]:
        return [*helper_process.helper_command(supervisor.__name__), token, *_hidden]

    def message(self, command: Sequence[str], cwd: str, env: Mapping[str, str]) -> bytes:
        return framing.encode_message({"argv": list(command), "cwd": cwd, "env": dict(env)})

    def early_end(self, tail: Sequence[str]) -> RehearsalError:  # noqa: ARG002 - the tail is the output of the command
        return RehearsalError("the process that keeps a build's processes together was killed from outside")

    def clean_up(self) -> None:
        pass
