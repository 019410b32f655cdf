"""Expiry of approvals by the rehearsal's clock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from rehearsal.workspace.clock import Clock
from tests.actions.conftest import Pipelines, kind
from tests.conftest import Embedded

pytestmark = pytest.mark.slow


def test_an_approval_expires_when_the_date_is_a_week_later(pipelines: Pipelines, embedded: Embedded) -> None:
    """An approval still waits after a day, and fails when the clock is advanced past seven days."""
    clock = Clock(embedded.workspace.clock)
    approval = {"name": "Approve", "actionTypeId": kind("Approval", "Manual")}
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(pipelines.run, pipelines.source({"a": "b"}), approval)
        embedded.reached(lambda: waits(embedded))
        clock.advance(86400)
        with pytest.raises(TimeoutError):
            run.result(timeout=2)
        clock.advance(7 * 86400)
        ran = run.result(timeout=30)
    assert ran.status == "Failed"
    assert "it took longer than 7 days" in ran.summary


def waits(embedded: Embedded) -> bool:
    """Return whether an approval waits in any pipeline."""
    api = embedded.client("codepipeline")
    for pipeline in api.list_pipelines()["pipelines"]:
        for stage in api.get_pipeline_state(name=pipeline["name"])["stageStates"]:
            if any(action.get("latestExecution", {}).get("token") for action in stage["actionStates"]):
                return True
    return False
