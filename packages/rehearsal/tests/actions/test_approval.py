"""Manual approvals: approve, reject, stop, expire."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rehearsal.actions.approval import AwaitApproval
from rehearsal.engine.action_api import Answer
from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.timeouts import APPROVAL
from rehearsal.engine.running.scheduler import ThreadScheduler
from rehearsal.workspace.clock import Clock
from tests.engine.conftest import KEY, Live, Stage, action, declaration, eventually


def waiting(stage: Stage, runner: AwaitApproval | None = None) -> tuple[Live, str]:
    """Return an execution that waits for an approval in its second stage, and the approval's token."""
    stage.runners[APPROVAL] = runner or AwaitApproval()
    ask = {"name": "ask", "actionTypeId": {"category": "Approval", "provider": "Manual"}}
    execution = stage.start(declaration([action("source")], [ask], [action("last")]))
    eventually(lambda: bool(token(execution)))
    return execution, token(execution)


def token(execution: Live) -> str:
    state = execution.actions.get(("Two", "ask"))
    return state.token or "" if state else ""


def put(stage: Stage, token: str, *, approved: bool, summary: str = "looked at it") -> str:
    return stage.engine.answer(KEY, "Two", "ask", token, Answer(approved, summary))


@pytest.mark.parametrize(("approved", "status"), [(True, "Succeeded"), (False, "Failed")])
def test_an_answer_ends_the_wait(stage: Stage, approved: bool, status: str) -> None:
    """Approval continues the execution, rejection fails it.

    The summary keeps the comment; a second answer is refused.
    """
    execution, given = waiting(stage)
    assert put(stage, given, approved=approved) == execution.id
    with pytest.raises(RequestRejected, match=r"answered before|nothing waits"):
        put(stage, given, approved=approved, summary="again")
    stage.wait()
    assert execution.status == status
    assert execution.actions[("Two", "ask")].summary.endswith("looked at it")
    assert token(execution) == ""


def test_a_stop_ends_the_wait(stage: Stage) -> None:
    """A stop abandons the approval action; a later answer is refused as InvalidApprovalTokenException."""
    execution, given = waiting(stage)
    stage.stop(execution, abandon=True)
    with pytest.raises(RequestRejected) as refused:
        put(stage, given, approved=True)
    assert refused.value.code == "InvalidApprovalTokenException"
    stage.wait()
    assert (execution.status, execution.actions[("Two", "ask")].status) == ("Stopped", "Abandoned")


def test_an_unanswered_approval_expires(tmp_path: Path) -> None:
    """An approval action that times out fails, and the summary names the limit."""
    stage: Any = Stage(tmp_path, limits={APPROVAL: 0.3})
    execution, _ = waiting(stage)
    stage.wait()
    assert execution.status == "Failed"
    assert execution.summary == "Two/ask: it took longer than 0.3 seconds: no answer"


def test_an_answer_before_the_expiry_counts(stage: Stage, tmp_path: Path) -> None:
    """An answer that arrives before the approval expires counts, whichever thread runs first."""
    clock, go = Clock(tmp_path / "clock.json"), threading.Event()
    execution, given = waiting(stage, AwaitApproval(clock))
    scheduler = stage.engine._scheduler
    assert isinstance(scheduler, ThreadScheduler)
    scheduler.post(go.wait)
    with ThreadPoolExecutor(1) as callers:
        answered = callers.submit(put, stage, given, approved=False)
        eventually(lambda: not scheduler._queue.empty())
        clock.advance(8 * 86400)
        clock.changes.notify()
        go.set()
        assert answered.result(20) == execution.id
    stage.wait()
    assert execution.actions[("Two", "ask")].summary == "rejected: looked at it"


def test_an_approval_that_waits_has_one_thread(stage: Stage, tmp_path: Path) -> None:
    """A waiting approval starts no thread that polls the date, and still expires when the date is advanced."""
    clock, before = Clock(tmp_path / "clock.json"), {*threading.enumerate()}
    execution, _ = waiting(stage, AwaitApproval(clock))
    assert {thread.name for thread in threading.enumerate() if thread not in before} <= {
        "engine-action",
        "engine-events",
    }
    clock.advance(8 * 86400)
    clock.changes.notify()
    stage.wait()
    assert "it took longer than 7 days" in execution.actions[("Two", "ask")].summary
