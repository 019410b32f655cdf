"""Commands that have to succeed: a failure has a complete message."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rehearsal.host.checked_command import CommandFailed
from rehearsal.host.logged_command import run_logged

ENV = {"PATH": os.environ["PATH"]}

# What `cdk deploy` prints in a pipe, shortened.
FAILED_DEPLOYMENT = """\
Pipeline: deploying... [1/1]
Pipeline | 0/3 | 8:00:00 AM | CREATE_IN_PROGRESS   | AWS::S3::Bucket | Pipeline/Store (Store4)
Pipeline | 1/3 | 8:00:01 AM | CREATE_FAILED        | AWS::S3::Bucket | Pipeline/Store (Store4) store already exists
Pipeline | 1/3 | 8:00:02 AM | ROLLBACK_IN_PROGRESS | AWS::CloudFormation::Stack | Pipeline
❌  Pipeline failed: ToolkitError: The stack named Pipeline failed creation: ROLLBACK_COMPLETE
"""


FAILED_SYNTHESIS = """\
Traceback (most recent call last):
  File "/project/app.py", line 2, in <module>
    values["a"]
KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/project/app.py", line 3, in <module>
    import stage
ModuleNotFoundError: No module named 'stage'
python app.py: Subprocess exited with error 1
"""


NO_MODULE = "Error while finding module specification for 'cdk.app' (ModuleNotFoundError: No module named 'cdk')"


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (FAILED_DEPLOYMENT, "store already exists (Pipeline/Store)"),
        (FAILED_SYNTHESIS, "ModuleNotFoundError: No module named 'stage' (/project/app.py:3)"),
        (f"python3: {NO_MODULE}\npython3 -m cdk.app: Subprocess exited with error 1\n", f"python3: {NO_MODULE}"),
        ("first\n\nthe reason\n\n", "the reason"),
        ("", ""),
    ],
)
def test_a_failure_says_command_status_first_error_and_log(tmp_path: Path, output: str, reason: str) -> None:
    """The error has the relevant line of the output, then the command, its exit status, and the path of the log."""
    log = tmp_path / "log.txt"
    (tmp_path / "output").write_text(output)
    with pytest.raises(CommandFailed) as failure:
        run_logged(["/bin/sh", "-c", "cat output; exit 4"], cwd=tmp_path, env=ENV, log=log)
    command = ["`/bin/sh -c 'cat output; exit 4'` ended with 4", f"the whole log: {log}"]
    assert str(failure.value).splitlines() == [*filter(None, [reason]), *command]
    assert log.read_text() == output


def test_a_missing_program_is_a_failure_in_words(tmp_path: Path) -> None:
    """The error for a program that does not exist names it."""
    with pytest.raises(CommandFailed, match="no-such-program"):
        run_logged(["no-such-program"], cwd=tmp_path, env=ENV, log=tmp_path / "log.txt")
