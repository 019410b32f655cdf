"""Manual approvals, in their endings that need no topic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rehearsal.actions.approval import AwaitApproval
from rehearsal.engine.model.timeouts import APPROVAL
from rehearsal.engine.state.approvals import Answer, Approvals
from rehearsal.engine.state.execution import Execution
from tests.engine.conftest import KEY, Stage, action, declaration, eventually


def waiting(stage: Stage) -> tuple[Execution, Approvals]:
    """An execution that waits for an approval in its second stage."""
    approvals = Approvals()
    stage.runners[APPROVAL] = AwaitApproval(approvals)
    ask = {"name": "ask", "actionTypeId": {"category": "Approval", "provider": "Manual"}}
    execution = stage.start(declaration([action("source")], [ask], [action("last")]))
    eventually(lambda: bool(approvals.waiting(KEY)))
    return execution, approvals


@pytest.mark.parametrize(("approved", "status"), [(True, "Succeeded"), (False, "Failed")])
def test_an_answer_ends_the_wait(stage: Stage, approved: bool, status: str) -> None:
    """Approved goes on, rejected fails; the summary has the person's words."""
    execution, approvals = waiting(stage)
    (approval,) = approvals.waiting(KEY)
    assert approvals.put(approval, Answer(approved, "looked at it"))
    assert not approvals.put(approval, Answer(approved, "again"))
    stage.wait()
    assert execution.status == status
    assert execution.actions[("Two", "ask")].summary.endswith("looked at it")
    assert approvals.waiting(KEY) == []


def test_a_stop_ends_the_wait(stage: Stage) -> None:
    """The action is Abandoned, and nobody can answer it any more."""
    execution, approvals = waiting(stage)
    stage.engine.stop(execution, "enough", abandon=True)
    stage.wait()
    assert (execution.status, execution.actions[("Two", "ask")].status) == ("Stopped", "Abandoned")
    assert approvals.waiting(KEY) == []


def test_an_approval_that_nobody_answers_expires(tmp_path: Path) -> None:
    """The action fails, and the summary names the limit."""
    stage: Any = Stage(tmp_path, limits={APPROVAL: 0.3})
    execution, approvals = waiting(stage)
    stage.wait()
    assert execution.status == "Failed"
    assert execution.summary == "Two/ask: it took longer than 0.3 seconds: nobody answered"
    assert approvals.waiting(KEY) == []
