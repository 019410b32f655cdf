"""A container that runs the commands of one build, or a shell in the caller's terminal.

Its first process is a shell script. That of a build works like supervisor.py: the engine's client passes its input and
output on. At the end of the input, also where the rehearsal or the client is killed, the script ends, and the engine
removes the container with every process in it.
"""

from __future__ import annotations

import os
import shlex
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rehearsal.errors import RehearsalError
from rehearsal.host.container_engine import ContainerEngine, ContainerFailed
from rehearsal.host.foreground_command import ForegroundCommand

LABEL = "rehearsal.build"

# The first processes of a container have small numbers; where they have not, `kill -1` would reach this machine's.
# Where a user that is not root calls Docker, the mounted folders are that user's: they become root's, whose git would
# reject them. At the end every file becomes the user's, also one of podman's that a command has given to another user:
# the user could not remove it.
_FUNCTIONS = r"""
is_separate() { [ "$$" -lt 10 ]; }
refuse() {
  echo "it shares the processes of this machine: remove pidns from containers.conf"
  exit 1
}
take() {
  shared=$1
  shift
  owner=$(stat -c %u:%g "$1")
  [ "$owner" = 0:0 ] || { shift "$shared" && chown -hR 0:0 "$@"; }
}
give_back() {
  shift
  chown -hR "$owner" "$@"
}
"""
# The refusal waits for a command: podman loses the output of a container that ends while input is on its way.
# A command runs in the foreground, because a shell makes background commands ignore SIGINT. So a second process waits
# for the end of the input, which then has to end the command. The script's own standard error would have the shell's
# lines about killed processes. `newline` is in the messages.
_COMMANDS = r"""
is_separate || { read -r _; refuse; }
exec 3<&0 </dev/null 2>/dev/null
token=$1
shift
take "$@"
newline='
'
while IFS= read -r command <&3; do
  { read -r _ <&3; kill -KILL -1; } &
  watch=$!
  (eval "$command") 2>&1 3<&-
  status=$?
  kill "$watch"
  wait "$watch"
  printf '\000%s %d\n' "$token" "$status"
done
give_back "$@"
"""
_TERMINAL = r"""
is_separate || refuse
command=$1
shift
take "$@" 2>/dev/null
(eval "$command")
status=$?
give_back "$@" 2>/dev/null
exit "$status"
"""


@dataclass(frozen=True)
class Mount:
    """A folder of this machine, and its path in the container. access: `shared` where this machine writes to it too."""

    source: Path
    target: Path
    access: Literal["read", "write", "shared"] = "write"

    def option(self) -> str:
        end = ",readonly" if self.access == "read" else ""
        return f"--mount=type=bind,source={self.source},target={self.target}{end}"


@dataclass(frozen=True)
class Container:
    """A new container of an image. label: identifies the build. privileged: may start Docker's daemon."""

    engine: ContainerEngine
    image: str
    mounts: Sequence[Mount]
    label: str
    privileged: bool = False
    name: str = field(default_factory=lambda: f"rehearsal-{uuid.uuid4().hex[:12]}")

    @property
    def environment(self) -> Mapping[str, str]:
        return self.engine.environment

    def program(self, token: str) -> Sequence[str]:
        """Return the command that starts the container as root, on this machine's network, without its entrypoint."""
        return self._run(_COMMANDS, token)

    def terminal(self, command: str) -> ForegroundCommand:
        """Return what runs shell code in the caller's terminal."""
        options = ["--tty"] if sys.stdin.isatty() else []
        engine, name = self.engine.program, self.name
        # `kill -1` spares the script, which then gives the folders back.
        ending = f"{engine} exec {name} sh -c 'kill -KILL -1'; {engine} wait {name}; {engine} rm --force {name}"
        return ForegroundCommand(self._run(_TERMINAL, command, *options), Path("/"), self.environment, ending)

    def _run(self, script: str, word: str, *more: str) -> Sequence[str]:
        """Return the command for a script. word: its first argument, before the number and names of folders."""
        options = ["--rm", "--interactive", "--network=host", "--user=0:0", "--security-opt=label=disable", *more]
        writable = sorted((mount for mount in self.mounts if mount.access != "read"), key=lambda mount: mount.access)
        return [
            *(self.engine.program, "run", *options, f"--name={self.name}", f"--label={LABEL}={self.label}"),
            *(["--privileged"] if self.privileged else []),
            *(mount.option() for mount in self.mounts),
            *("--entrypoint=sh", self.image, "-c", _FUNCTIONS + script, "sh", word),
            str(sum(mount.access == "shared" for mount in writable)),
            *(str(mount.target) for mount in writable),
        ]

    def message(self, command: Sequence[str], cwd: str, env: Mapping[str, str]) -> bytes:
        """Return one line of shell code: a variable replaces line ends, which are only in quotes."""
        words = ["env", *(f"{name}={value}" for name, value in env.items()), *command]
        code = f"cd -- {shlex.quote(cwd)} && exec {shlex.join(words)}"
        return os.fsencode(code.replace("\n", "'\"$newline\"'") + "\n")

    def early_end(self, tail: Sequence[str]) -> RehearsalError:
        last = " ".join(tail) or "it was killed"
        return ContainerFailed(f"{self.engine.program} ended the container of {self.image}: {last}")

    def clean_up(self) -> None:
        self.engine.call("rm", "--force", self.name)
