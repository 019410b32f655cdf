"""A whole rehearsal of this project, from `git push` to prod."""

from __future__ import annotations

import json
import signal
import tomllib

import pytest

from tests.e2e.conftest import Project, Ran
from tests.root import ROOT

pytestmark = pytest.mark.e2e


def test_a_fresh_clone_is_rehearsed_from_push_to_prod(first: Ran) -> None:
    """Every action of every stage succeeds, and the run exits with 0."""
    assert first.code == 0
    assert first.result["status"] == "Succeeded"
    assert [stage["name"] for stage in first.result["stages"]] == [
        "Source", "Build", "UpdatePipeline", "Assets", "Dev", "ApproveProd", "Prod",
    ]  # fmt: skip
    statuses = {action["status"] for stage in first.result["stages"] for action in stage["actions"]}
    assert statuses == {"Succeeded"}


def test_every_function_answers_in_every_account(first: Ran) -> None:
    """Each invocation of rehearsal.toml succeeds in each environment of cdk.json."""
    environments = json.loads((ROOT / "cdk.json").read_text())["context"]["delivery"]["environments"]
    calls = tomllib.loads((ROOT / "rehearsal.toml").read_text())["invoke"]
    answers = [(call["environment"], call["account"], call["ok"]) for call in first.result["invocations"]]
    expected = [(environment["name"].capitalize(), environment["account"], True) for environment in environments]
    assert answers == [answer for answer in expected for _ in calls]


def test_the_end_reports_the_cold_starts_of_functions(first: Ran) -> None:
    """The end of a run reports each function's init and first call; no module was compiled."""
    compiled = {(start["account"], start["function"]): start["compiled"] for start in first.result["cold_starts"]}
    called = {(invocation["account"], invocation["function"]) for invocation in first.result["invocations"]}
    assert called <= compiled.keys()
    assert {compiled[function] for function in called} == {0}
    assert "First call ms" in first.printed


def test_the_end_says_what_was_not_emulated(first: Ran) -> None:
    """The end of a run reports what was not emulated."""
    assert first.result["not_emulated"]
    assert all(name in first.printed for name in first.result["not_emulated"])


def test_no_process_outlives_a_run(first: Ran) -> None:
    """Emulator, builds and functions end with the run."""
    assert first.result
    assert first.left == []


def test_the_users_repository_is_unchanged(first: Ran) -> None:
    """A run adds no commit, branch or remote, and does not change the index."""
    assert first.repository == ["", "refs/heads/main", "", "1"]


def test_an_interrupted_run_ends_everything(copy: Project, first: Ran) -> None:
    """Ctrl-C during a build exits with 130, leaves no process, and the next command works."""
    assert first.result
    assert copy.command("down").returncode == 0  # other tests keep the embedded AWS open
    run = copy.start("run", "--approve")
    assert run.stdout
    assert any("Build/Synth: started" in line for line in run.stdout)
    run.send_signal(signal.SIGINT)
    rest, _ = run.communicate(timeout=60)
    assert run.returncode == 130, rest
    assert copy.processes() == []
    status = copy.command("status")
    assert status.returncode == 1
    assert "Stopped" in status.stdout or "Interrupted" in status.stdout
