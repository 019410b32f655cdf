"""Traffic shifts of an execution: weights, rollbacks with their alarm, and the scale of the clock."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from rehearsal.emulator.codedeploy.app_spec import AppSpec
from rehearsal.emulator.codedeploy.store import FILE
from rehearsal.views import traffic
from rehearsal.views.execution_view import ExecutionView
from rehearsal.workspace.clock import Clock
from rehearsal.workspace.layout import Workspace

ACCOUNT = "333333333333"


def deployment(at: float, status: str, percent: int, message: str = "") -> dict[str, Any]:
    content = AppSpec("echo", "live", "1", "2", {}).content()
    return {
        "deploymentId": f"d-{at:.0f}",
        "createTime": at,
        "status": status,
        "percent": percent,
        "revision": {"appSpecContent": {"content": content}},
        **({"errorInformation": {"code": "ALARM_ACTIVE", "message": message}} if message else {}),
    }


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """A workspace with three deployments: before an execution, during it, and during it but stopped by an alarm."""
    space = Workspace(tmp_path)
    space.running.mkdir(parents=True)
    records = [
        deployment(50, "Succeeded", 100),
        deployment(150, "InProgress", 10),
        deployment(160, "Stopped", 0, "Activated alarms: errors"),
    ]
    tables = {f"{ACCOUNT}/eu-west-1/deployments": {record["deploymentId"]: record for record in records}}
    (space.running / FILE).write_text(json.dumps({**tables, f"{ACCOUNT}/eu-west-1/groups": {"a/b": {}}}))
    return space


VIEW = ExecutionView(id="one", started=100, seconds=100)


def test_an_execution_has_the_shifts_that_began_in_it(space: Workspace) -> None:
    """Shifts that started during the execution are listed, with their weight and the alarm that stopped them."""
    assert [str(shift) for shift in traffic.shifts(space, VIEW)] == [
        f"{ACCOUNT} echo:live: version 2 has 10%, InProgress",
        f"{ACCOUNT} echo:live: version 2 has 0%, Stopped: Activated alarms: errors",
    ]
    assert [shift.deployment for shift in traffic.failed_shifts(space, VIEW)] == ["d-160"]
    assert traffic.shifts(space, ExecutionView()) == []
    assert traffic.shifts(Workspace(space.root / "other"), VIEW) == []


def test_a_followed_execution_says_each_change_of_a_weight(space: Workspace) -> None:
    """Each change of a weight is reported once while the execution runs."""
    news = traffic.ShiftNews(space)
    assert len(news.take(VIEW)) == 2
    assert news.take(VIEW) == []
    path = space.running / FILE
    path.write_text(path.read_text().replace('"percent": 10', '"percent": 50'))
    assert news.take(VIEW) == [f"{ACCOUNT} echo:live: version 2 has 50%, InProgress"]
    assert traffic.ShiftNews(Workspace(space.root / "other")).take(VIEW) == []


def test_the_json_of_a_shift_is_a_contract(space: Workspace) -> None:
    """The JSON of a shift has the documented keys."""
    (first, _) = traffic.as_json(traffic.shifts(space, VIEW))
    assert first == {
        "account": ACCOUNT,
        "alias": "echo:live",
        "version": "2",
        "percent": 10,
        "status": "InProgress",
        "deployment": "d-150",
        "message": "",
    }
    assert asdict(traffic.shifts(space, VIEW)[0]) == first


def test_the_end_of_a_run_says_that_time_was_scaled(space: Workspace) -> None:
    """The scale of the clock is reported if traffic was shifted, and not at scale 1."""
    found = traffic.shifts(space, VIEW)
    assert traffic.pace(space, found) == ["traffic shifted 200 times as fast as on AWS (`rehearse clock`)"]
    assert traffic.pace(space, []) == []
    Clock(space.clock).set_scale(1)
    assert traffic.pace(space, found) == []
