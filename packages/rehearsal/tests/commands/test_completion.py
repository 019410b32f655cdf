"""`completion`: the script for a shell, and the completed words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal.program_name import COMPLETION_VARIABLE
from rehearsal.views.execution_view import ExecutionView
from tests.commands.conftest import Tiny
from tests.root import PACKAGE


def script(shell: str) -> str:
    command = [sys.executable, "-m", "rehearsal", "completion", shell]
    env = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    return subprocess.run(command, cwd="/", env=env, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_printed_anywhere(shell: str) -> None:
    """The script is printed outside of a project too, and calls this installation whatever PATH is."""
    text = script(shell)
    assert f"{COMPLETION_VARIABLE}={shell}_complete" in text
    assert "env" in text
    assert text.count("-m rehearsal") == 2


def test_bash_completes_verbs(tmp_path: Path) -> None:
    """bash completes `hi` to `history` after it evaluated the script."""
    asked = 'COMP_WORDS=(rehearse hi); COMP_CWORD=1; _rehearse_completion rehearse; echo "${COMPREPLY[@]}"'
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", f"{script('bash')}\n{asked}"],
        cwd=tmp_path,
        env={"PATH": path, "PYTHONPATH": str(PACKAGE)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["history"]


def test_actions_and_executions_are_completed(
    tiny: Tiny, good: ExecutionView, bad: ExecutionView, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of actions and ids of executions are completed from the journals."""

    def offered(words: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-m", "rehearsal"],
            cwd=tiny.root,
            env={
                "PYTHONPATH": str(PACKAGE),
                COMPLETION_VARIABLE: "bash_complete",
                "COMP_WORDS": f"rehearse {words}",
                "COMP_CWORD": str(len(words.split())),
            },
            check=True,
            capture_output=True,
            text=True,
        )
        return [line.partition(",")[2] for line in done.stdout.splitlines()]

    assert offered("logs Lin") == ["Build/Lint"]
    assert offered(f"status {good.id[:8]}") == [good.id]
    assert offered("completion z") == ["zsh"]


def test_an_unknown_shell_is_refused(tiny: Tiny) -> None:
    """The error lists the supported shells."""
    code, printed = tiny.call("completion", "tcsh")
    assert code == 2
    assert "'bash', 'fish', 'zsh'" in printed
