"""A Lambda function that runs on: it answers its job, or never does, or its execution is stopped."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from rehearsal.actions import lambda_invoke
from rehearsal.actions.lambda_invoke import InvokeFunction
from rehearsal.engine.action_api import Task
from rehearsal.engine.model.definition import ActionType
from rehearsal.engine.state.invoke_jobs import KEPT_JOBS, Job, JobResult, Jobs
from tests.engine.conftest import Live, Stage, action, declaration, eventually


def invoking(stage: Stage, jobs: Jobs, reply_seconds: float = 60) -> Live:
    stage.runners[ActionType("Invoke", "Lambda")] = InvokeFunction(jobs, reply_seconds)
    invoke = {**action("invoke"), "actionTypeId": {"category": "Invoke", "provider": "Lambda"}}
    return stage.start(declaration([action("source")], [invoke]))


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Job]]:
    """A function that runs until the test has ended; its jobs."""
    called: list[Job] = []
    ended = threading.Event()

    def invoke(_task: Task, job: Job, *_: object) -> None:
        called.append(job)
        ended.wait(20)

    monkeypatch.setattr(lambda_invoke, "_invoke", invoke)
    monkeypatch.setattr(lambda_invoke, "_event", lambda *_: {})
    yield called
    ended.set()


def test_a_function_that_does_not_answer_in_time_fails_its_action(stage: Stage, runs: list[Job]) -> None:
    """Long before the action's own limit: 20 minutes, none at all here."""
    assert lambda_invoke.REPLY_SECONDS == 20 * 60
    execution = invoking(stage, Jobs(), reply_seconds=0)
    stage.wait()
    assert execution.status == "Failed"
    assert "the function did not say how the job ended" in execution.summary


def test_a_stop_does_not_wait_for_the_function(stage: Stage, runs: list[Job]) -> None:
    """The action is Abandoned at once, although its function runs."""
    execution = invoking(stage, Jobs())
    eventually(lambda: bool(runs))
    stage.stop(execution, abandon=True)
    eventually(lambda: execution.status == "Stopped")
    assert execution.actions[("Two", "invoke")].status == "Abandoned"


@pytest.mark.parametrize("failed", [False, True])
def test_an_answer_ends_the_action_before_its_function_ends(stage: Stage, runs: list[Job], failed: bool) -> None:
    """With the type of failure that the function gives."""
    jobs = Jobs()
    execution = invoking(stage, jobs)
    eventually(lambda: bool(runs))
    jobs.put(runs[0], JobResult(failed, "said", code="PermissionError"))
    eventually(lambda: not execution.running)
    state = execution.actions[("Two", "invoke")]
    assert (state.status, state.error_code) == (("Failed", "PermissionError") if failed else ("Succeeded", None))


def test_jobs_that_have_ended_are_forgotten_after_some_more() -> None:
    """A late answer is told from a wrong one, and an embedded AWS that is kept open does not grow."""
    jobs = Jobs()
    opened = [jobs.open() for _ in range(KEPT_JOBS + 5)]
    for job in opened:
        jobs.close(job)
    assert [jobs.find(job.id) for job in opened[:5]] == [None] * 5
    late = jobs.find(opened[-1].id)
    assert late
    assert not jobs.put(late, JobResult(failed=False))
