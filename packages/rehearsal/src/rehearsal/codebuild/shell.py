"""The shell of a build: variables and the current folder are carried over from each command to the next.

Each command is a separate script. So `exit` ends the command and not the build, and an incomplete command (an open
here-document, a backslash at its end) does not swallow the next one. CodeBuild's agent works in the same way: its
scripts begin with `set -a` and end with CODEBUILD_LAST_EXIT.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from rehearsal.host.cancellation import Cancellation
from rehearsal.host.processes import CommandResult, Processes

COMMAND, SCRIPT, VARIABLES = "command.sh", "script.sh", "variables.sh"
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_SCRIPT = """\
set -a
. {variables}
cd -- {here} || exit
. {command}
CODEBUILD_LAST_EXIT=$?
export -p > {variables}
pwd > {directory}
exit $CODEBUILD_LAST_EXIT
"""


class Shell:
    """Runs the commands of a build.

    program: the shell and its options. state: the folder for variables, which may hold secrets. seen: its path as the
    commands see it. env, directory: the environment and the folder of the first command.
    """

    def __init__(
        self,
        processes: Processes,
        *,
        program: Sequence[str],
        state: Path,
        seen: Path,
        env: Mapping[str, str],
        directory: Path,
    ) -> None:
        self._processes, self._program, self._state, self._start = processes, program, state, directory
        self._seen = seen
        write_variables(state, env)
        # Shells cannot export these names: they are passed in the environment.
        odd = {name: value for name, value in env.items() if not _NAME.fullmatch(name)}
        self._odd = odd | {"PATH": env["PATH"]}
        (state / "directory").write_bytes(os.fsencode(directory) + b"\n")

    @property
    def _variables(self) -> Path:
        return self._state / VARIABLES

    def run(self, command: str, *, deadline: float, stop: Cancellation) -> CommandResult:
        """Run one command of the buildspec. deadline: a value of time.monotonic()."""
        parts = {
            "variables": self._seen / VARIABLES,
            "directory": self._seen / "directory",
            "command": self._seen / COMMAND,
        }
        quoted = {name: shlex.quote(str(path)) for name, path in parts.items()}
        here = shlex.quote(os.fsdecode((self._state / "directory").read_bytes().removesuffix(b"\n")))
        (self._state / SCRIPT).write_bytes(os.fsencode(_SCRIPT.format(here=here, **quoted)))
        (self._state / COMMAND).write_bytes(os.fsencode(command))
        script = str(self._seen / SCRIPT)
        return self._processes.run(
            [*self._program, script], cwd=self._start, env=self._odd, deadline=deadline, stop=stop
        )

    def put(self, name: str, value: str) -> None:
        """Set a variable for the following commands."""
        with self._variables.open("ab") as file:
            file.write(_export(name, value))

    def values(self) -> dict[str, str]:
        """Return the current variables."""
        variables, listed = (shlex.quote(str(self._seen / name)) for name in (VARIABLES, "values"))
        text = f". {variables}; /usr/bin/env -0 > {listed}"
        (self._state / "values").touch()  # root in a container may create files that only root can read
        self._processes.run([*self._program, "-c", text], cwd=self._seen, env=self._odd)
        pairs = os.fsdecode((self._state / "values").read_bytes()).split("\0")
        return {name: value for name, _, value in (pair.partition("=") for pair in pairs) if name}


def write_variables(state: Path, env: Mapping[str, str]) -> None:
    """Write the file VARIABLES, which exports those of `env` that a shell can export."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    exports = (_export(name, value) for name, value in env.items() if _NAME.fullmatch(name))
    (state / VARIABLES).write_bytes(b"".join(exports))


def _export(name: str, value: str) -> bytes:
    """An export command, as bytes: writing text would change carriage returns in a value."""
    return os.fsencode(f"export {name}={shlex.quote(value)}\n")
