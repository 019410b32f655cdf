"""Lambda functions that still run when their job is answered, stopped, or timed out."""

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
    """The jobs of a Lambda function that runs until the test ends."""
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
    """The action fails if the function does not answer its job within REPLY_SECONDS, 20 minutes by default."""
    assert lambda_invoke.REPLY_SECONDS == 20 * 60
    execution = invoking(stage, Jobs(), reply_seconds=0)
    stage.wait()
    assert execution.status == "Failed"
    assert "the function did not say how the job ended" in execution.summary


def test_a_stop_does_not_wait_for_the_function(stage: Stage, runs: list[Job]) -> None:
    """A stop abandons the action immediately, while its function still runs."""
    execution = invoking(stage, Jobs())
    eventually(lambda: bool(runs))
    stage.stop(execution, abandon=True)
    eventually(lambda: execution.status == "Stopped")
    assert execution.actions[("Two", "invoke")].status == "Abandoned"


@pytest.mark.parametrize("failed", [False, True])
def test_an_answer_ends_the_action_before_its_function_ends(stage: Stage, runs: list[Job], failed: bool) -> None:
    """The function's answer ends the action; a failure's type becomes the action's error code."""
    jobs = Jobs()
    execution = invoking(stage, jobs)
    eventually(lambda: bool(runs))
    jobs.put(runs[0], JobResult(failed, "said", code="PermissionError"))
    eventually(lambda: not execution.running)
    state = execution.actions[("Two", "invoke")]
    assert (state.status, state.error_code) == (("Failed", "PermissionError") if failed else ("Succeeded", None))


def test_only_the_last_finished_jobs_are_kept() -> None:
    """Only the last finished jobs are kept, which bounds memory; a late answer to one of them is refused."""
    jobs = Jobs()
    opened = [jobs.open() for _ in range(KEPT_JOBS + 5)]
    for job in opened:
        jobs.close(job)
    assert [jobs.find(job.id) for job in opened[:5]] == [None] * 5
    late = jobs.find(opened[-1].id)
    assert late
    assert not jobs.put(late, JobResult(failed=False))
