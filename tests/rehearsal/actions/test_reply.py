"""A Lambda function that never answers its job."""

from __future__ import annotations

import pytest

from rehearsal.actions import function
from rehearsal.actions.function import InvokeFunction
from rehearsal.engine.definition import ActionType
from rehearsal.engine.jobs import Jobs
from tests.rehearsal.engine.conftest import Stage, action, declaration


def test_a_function_that_does_not_answer_in_time_fails_its_action(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long before the action's own limit: 20 minutes, none at all here."""
    assert function.REPLY_SECONDS == 20 * 60
    monkeypatch.setattr(function, "_invoke", lambda *_: None)
    monkeypatch.setattr(function, "_event", lambda *_: {})
    stage.runners[ActionType("Invoke", "Lambda")] = InvokeFunction(Jobs(), reply_seconds=0)
    invoke = {**action("invoke"), "actionTypeId": {"category": "Invoke", "provider": "Lambda"}}
    execution = stage.run(declaration([action("source")], [invoke]))
    assert execution.status == "Failed"
    assert "the function did not say how the job ended" in execution.summary
