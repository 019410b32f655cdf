"""Faults that are planted in a copy of the project, and gates that have to find them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rehearsal.cause.find_cause import find_causes
from rehearsal.cause.model import Cause
from rehearsal.views.execution_view import ActionView

MAKE = "make --jobs 2 --output-sync=target synth check"

# The output of a build in which one target succeeds, the gate's target fails, and another one fails after it.
PARALLEL = """\
[Container] 2026/11/29 20:11:39.511648 Running command {command}
lambda-layers build
layers: nothing to do, build/layers/ is what the lock says
============================== 48 passed in 3.87s ==============================
{printed}
make: *** [Makefile:71: planted] Error 1
make: *** Waiting for unfinished jobs....
mypy
lambda/late.py:9: error: the error of another target  [misc]
make: *** [Makefile:55: types] Error 1
[Container] 2026/11/29 20:12:26.550606 Command did not exit successfully {command} exit status 2
[Container] 2026/11/29 20:12:26.550665 Phase complete: BUILD State: FAILED
"""

DEPENDENCIES = ("python", "-m", "cdk_delivery.gates.dependencies")


@dataclass(frozen=True)
class Change:
    """A fault: text of a file that replaces `old`, or a new file."""

    path: str
    new: str
    old: str = ""

    @contextmanager
    def planted(self, project: Path) -> Iterator[None]:
        """Change the project, and undo it."""
        file = project / self.path
        before = file.read_text() if self.old else ""
        assert self.old in before, f"{self.path} has no {self.old}: the fault cannot be planted"
        file.write_text(before.replace(self.old, self.new, 1) if self.old else self.new)
        try:
            yield
        finally:
            if self.old:
                file.write_text(before)
            else:
                file.unlink()


@dataclass(frozen=True)
class Gate:
    """`command` fails with the change and prints `says`; `rehearse why` prints `place` and `cause`."""

    name: str
    fault: str
    change: Change
    command: Sequence[str]
    says: str
    place: str
    cause: str = ""


def run(command: Sequence[str], folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a gate's command as make does."""
    tools = [str(folder / part) for part in (".venv/bin", ".tools/bin", "node_modules/.bin")]
    foreign = ("MAKE", "MFLAGS", "PYTEST_", "CODEBUILD_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    env |= {"PATH": os.pathsep.join([*tools, env["PATH"]]), **environ}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def check(gate: Gate, done: subprocess.CompletedProcess[str]) -> None:
    """Check that a gate is red for its fault, and that its output leads to the place."""
    printed = done.stdout + done.stderr
    assert done.returncode != 0, f"{' '.join(gate.command)} is green\n{printed}"
    assert gate.says in printed, printed
    cause = why(printed)
    assert str(cause.place).startswith(gate.place), cause
    assert (gate.cause or gate.says) in cause.message, cause
    assert cause.part == "planted"


def why(printed: str) -> Cause:
    """Return the root cause that `rehearse why` finds in the log of a parallel make."""
    log = PARALLEL.format(command=MAKE, printed=printed.rstrip("\n")).splitlines()
    action = ActionView("Build", "Synth", "Build/CodeBuild", "Failed", summary="build FAILED", log="action.log")
    (cause,) = find_causes([action], lambda _: log, lambda *_: "")
    return cause
