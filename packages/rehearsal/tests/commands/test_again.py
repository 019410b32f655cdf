"""`retry` and `rollback`: an execution continues where it failed, or a stage returns to an earlier execution."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.emulator.server import launcher
from rehearsal.views.execution_view import ExecutionView
from tests.commands.conftest import Tiny, tiny_project
from tests.commands.templates import with_one_build


def test_a_failed_stage_is_retried_to_the_end(tiny: Tiny) -> None:
    """`retry` runs the failed actions of the latest execution again, and continues with the later stages."""
    flag = tiny.root.parent / "fixed"
    view = tiny.run(Lint=f"test -f {flag}", Compile="echo compiled once")
    assert view.status == "Failed"
    flag.touch()
    code, printed = tiny.call("retry", "--approve")
    flag.unlink()
    assert code == 0
    assert "Build/Lint: Succeeded" in printed
    assert "Ship/Send: Succeeded" in printed
    assert "Build/Compile: started" not in printed
    assert tiny.view(view.id).status == "Succeeded"


def test_a_retry_that_fails_again_is_red(tiny: Tiny, bad: ExecutionView) -> None:
    """A retry that fails exits with 1 and shows the cause, as a run does."""
    view = tiny.run(Lint="exit 9")
    code, printed = tiny.call("retry", "Build", "--execution", view.id)
    assert code == 1
    assert "Build/Lint failed" in printed


def test_a_stage_without_a_failure_is_not_retried(tiny: Tiny, good: ExecutionView) -> None:
    """`retry` refuses an execution without a failed stage; if a stage is named, the error is the API's."""
    code, printed = tiny.call("retry", "--execution", good.id)
    assert code == 2
    assert f"no stage of execution {good.id} has failed" in printed
    code, printed = tiny.call("retry", "Build", "--execution", good.id)
    assert code == 2
    assert "RetryStageExecution was refused" in printed


def test_a_stage_goes_back_to_the_execution_before(tiny: Tiny) -> None:
    """`rollback` runs the stage with the artifacts of the previous execution that succeeded in it."""
    first = tiny.run(Compile="echo one > made", Send="cat made")
    tiny.run(Compile="echo two > made", Send="cat made")
    code, printed = tiny.call("rollback", "Ship")
    assert code == 0
    assert f"Ship is rolled back to {first.id}" in printed
    _, log = tiny.call("logs", "Ship/Send")
    assert "\none\n" in log
    assert "\ntwo\n" not in log


def test_a_rollback_to_an_execution_by_name(tiny: Tiny, good: ExecutionView, bad: ExecutionView) -> None:
    """`rollback` accepts the beginning of an id; the API refuses an execution that never succeeded in the stage."""
    assert tiny.call("rollback", "Ship", good.id[:8])[0] == 0
    code, printed = tiny.call("rollback", "Ship", bad.id)
    assert code == 2
    assert "RollbackStage was refused" in printed


def test_an_unknown_stage_is_refused(tiny: Tiny, good: ExecutionView) -> None:
    """The error lists the stages."""
    code, printed = tiny.call("rollback", "Nowhere")
    assert code == 2
    assert "there are Source, Build, Gate, Ship" in printed


def test_retry_and_shell_start_an_embedded_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failed run, `retry`, `rollback` and `shell` start an embedded AWS and stop it; `env` needs `up`."""
    monkeypatch.chdir(tmp_path)
    with tiny_project(tmp_path, with_one_build("Lint")) as own:
        own.run(Lint="exit 9")
        assert launcher.down(own.space)
        code, printed = own.call("retry")
        assert (code, "Build/Lint failed" in printed) == (1, True)
        assert own.call("shell", "Lint", "--command", "true")[0] == 0
        code, printed = own.call("rollback", "Build")
        assert (code, "has succeeded in Build" in printed) == (2, True)
        assert own.space.server() is None
        code, printed = own.call("env", "pipeline")
        assert code == 2
        assert printed.strip().endswith("no embedded AWS is running: `rehearse up` first")
