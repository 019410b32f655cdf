"""`retry` and `rollback`: an execution goes on where it failed, a stage goes back to what was good."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.emulator.server import launcher
from rehearsal.views.execution_view import ExecutionView
from tests.commands.conftest import Tiny, tiny_project


def test_a_failed_stage_is_retried_to_the_end(tiny: Tiny) -> None:
    """By default the failed actions of the failed stage of the latest execution; later stages follow."""
    flag = tiny.root.parent / "mended"
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
    """With the cause, as at the end of a run."""
    view = tiny.run(Lint="exit 9")
    code, printed = tiny.call("retry", "Build", "--execution", view.id)
    assert code == 1
    assert "Build/Lint failed" in printed


def test_what_has_not_failed_is_not_retried(tiny: Tiny, good: ExecutionView) -> None:
    """Nothing is guessed; of a stage that is named, the API says why."""
    code, printed = tiny.call("retry", "--execution", good.id)
    assert code == 2
    assert f"no stage of execution {good.id} has failed" in printed
    code, printed = tiny.call("retry", "Build", "--execution", good.id)
    assert code == 2
    assert "RetryStageExecution was refused" in printed


def test_a_stage_goes_back_to_the_execution_before(tiny: Tiny) -> None:
    """Its artifacts are those of then."""
    first = tiny.run(Compile="echo one > made", Send="cat made")
    tiny.run(Compile="echo two > made", Send="cat made")
    code, printed = tiny.call("rollback", "Ship")
    assert code == 0
    assert f"Ship is rolled back to {first.id}" in printed
    _, log = tiny.call("logs", "Ship/Send")
    assert "\none\n" in log
    assert "\ntwo\n" not in log


def test_a_rollback_to_an_execution_by_name(tiny: Tiny, good: ExecutionView, bad: ExecutionView) -> None:
    """The API refuses one that never succeeded there."""
    assert tiny.call("rollback", "Ship", good.id[:8])[0] == 0
    code, printed = tiny.call("rollback", "Ship", bad.id)
    assert code == 2
    assert "RollbackStage was refused" in printed


def test_an_unknown_stage_is_refused(tiny: Tiny, good: ExecutionView) -> None:
    """With those that there are."""
    code, printed = tiny.call("rollback", "Nowhere")
    assert code == 2
    assert "there are Source, Build, Gate, Ship" in printed


def test_without_an_embedded_aws_one_is_there_for_the_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a red `run` leaves it: what failed is taken up and looked into; what outlives a command needs `up`."""
    monkeypatch.chdir(tmp_path)
    with tiny_project(tmp_path) as own:
        own.run(Lint="exit 9")
        assert launcher.down(own.space)
        code, printed = own.call("retry")
        assert (code, "Build/Lint failed" in printed) == (1, True)
        assert own.call("shell", "Lint", "--command", "true")[0] == 0
        code, printed = own.call("rollback", "Ship")
        assert (code, "has succeeded in Ship" in printed) == (2, True)
        assert own.space.server() is None
        code, printed = own.call("env", "pipeline")
        assert code == 2
        assert printed.strip().endswith("no embedded AWS is running: `rehearse up` first")
