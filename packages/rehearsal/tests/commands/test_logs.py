"""`logs`: the output of an action, also while it runs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal.views.execution_view import ExecutionView
from rehearsal.workspace.layout import Workspace
from tests.commands.conftest import Tiny, until
from tests.root import PACKAGE


def test_a_log_is_printed_by_the_name_of_its_action(tiny: Tiny, good: ExecutionView) -> None:
    """An action is named with or without its stage."""
    code, printed = tiny.call("logs", "Compile", "--execution", good.id)
    assert code == 0
    assert "Compile begins" in printed
    assert tiny.call("logs", "Build/Compile", "--execution", good.id) == (0, printed)


def test_the_logs_are_listed(tiny: Tiny, bad: ExecutionView) -> None:
    """Without an action, `logs` lists the paths of the logs that exist."""
    _, printed = tiny.call("logs", "--execution", bad.id, "--json")
    listed = {load["action"]: load["log"] for load in json.loads(printed)}
    assert "Ship/Send" not in listed
    assert "Build/Lint begins" not in listed
    assert (tiny.root / listed["Build/Lint"]).read_text().count("Lint begins") >= 1
    assert all(name in tiny.call("logs", "--execution", bad.id)[1] for name in listed)


def test_the_logs_of_a_copied_project_are_listed(
    tiny: Tiny, good: ExecutionView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a copy of a project, `logs` lists paths that exist."""
    shutil.copyfile(tiny.root / "cdk.json", tmp_path / "cdk.json")
    shutil.copytree(tiny.space.executions, Workspace(tmp_path).executions)
    monkeypatch.chdir(tmp_path)
    code, printed = tiny.call("logs", "--execution", good.id, "--json")
    listed = {load["action"]: load["log"] for load in json.loads(printed)}
    assert code == 0
    assert "Compile begins" in (tmp_path / listed["Build/Compile"]).read_text()


@pytest.mark.parametrize("action", ["Build/Nothing", "Nothing"])
def test_an_unknown_action_is_refused(tiny: Tiny, good: ExecutionView, action: str) -> None:
    """The error lists the actions."""
    code, printed = tiny.call("logs", action, "--execution", good.id)
    assert code == 2
    assert "no actions have that name; there are Source/Repo, Build/Compile" in printed


def test_an_action_that_did_not_run_has_no_log(tiny: Tiny, bad: ExecutionView) -> None:
    """`logs` and `logs --follow` of an action that did not run exit with 2."""
    assert tiny.call("logs", "Send", "--execution", bad.id)[0] == 2
    code, printed = tiny.call("logs", "-f", "Send", "--execution", bad.id)
    assert code == 2
    assert f"Ship/Send did not run in execution {bad.id}" in printed


def test_a_log_is_followed_from_before_it_begins_to_its_end(tiny: Tiny) -> None:
    """`logs --follow` waits for the log, prints lines as they are written, and exits when the action ends."""
    flag = tiny.signals / "go"
    execution = tiny.start(Lint=f"echo first; until test -f {flag}; do sleep 0.05; done; echo last")
    until(lambda: bool(tiny.view(execution).stages))
    followed = subprocess.Popen(
        [sys.executable, "-m", "rehearsal", "logs", "--follow", "Lint", "--execution", execution],
        cwd=tiny.root,
        env={"PYTHONPATH": str(PACKAGE), "PATH": ""},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert followed.stdout
    with followed:
        assert any("first" in line for line in followed.stdout)
        assert followed.poll() is None
        flag.touch()
        rest = followed.stdout.read()
    flag.unlink()
    assert "last" in rest
    assert followed.returncode == 0
