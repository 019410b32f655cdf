"""Commands whose output is not shown."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rehearsal.host.checked_command import CommandFailed, run_checked


def test_a_command_returns_what_it_prints(tmp_path: Path) -> None:
    """The command gets its standard input, environment and folder, and its output is returned."""
    command = ["sh", "-c", 'cat; echo "$NAME"; pwd']
    printed = run_checked(command, message=b"input\n", env={"NAME": "value"}, cwd=tmp_path)
    assert printed == f"input\nvalue\n{tmp_path}\n"


def test_a_failed_command_is_an_error_with_its_last_line() -> None:
    """The error is the last line of standard error; all lines are kept."""
    with pytest.raises(CommandFailed, match=r"^the reason$") as failure:
        run_checked(["sh", "-c", "echo first >&2; echo the reason >&2; exit 3"])
    assert failure.value.output == "first\nthe reason"


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ([sys.executable, "-c", "raise SystemExit(3)"], "ended with 3"),
        (["no-such-program"], "No such file or directory: 'no-such-program'"),
        (["sleep", "20"], "timed out after 0.1 seconds"),
    ],
)
def test_a_command_without_an_error_text_says_how_it_ended(command: list[str], text: str) -> None:
    """A silent failure, a missing program and a time limit each have an error that says so."""
    with pytest.raises(CommandFailed, match=text):
        run_checked(command, seconds=0.1 if command[0] == "sleep" else None)
