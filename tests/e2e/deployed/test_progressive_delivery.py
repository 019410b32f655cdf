"""Prod's traffic shifts to a new version step by step, and back from a failing one."""

from __future__ import annotations

import itertools

import pytest

from rehearsal.workspace.clock import DEFAULT_SCALE, Clock
from rehearsal.workspace.layout import Workspace
from tests.e2e.deployed.conftest import Deployed
from tests.e2e.deployed.shifting import HANDLED, IN_PROD, assert_rolled_back, calls, live

pytestmark = [pytest.mark.e2e, pytest.mark.gate]


def test_an_alarm_takes_back_a_version_that_fails_three_of_ten_calls(editable: Deployed) -> None:
    """A version that passes its check gets a tenth of the calls until its errors raise an alarm and roll it back."""
    before = live(editable)
    editable.replace("lambda/echo/main.py", "logger = Logger(", "CALLS = iter(range(10**9))\nlogger = Logger(")
    planted = f'    if {IN_PROD} and next(CALLS) % 10 in (1, 4, 7):\n        raise ValueError("planted")\n'
    editable.replace("lambda/echo/main.py", HANDLED, planted + HANDLED)
    clock = Clock(Workspace(editable.root).clock)
    clock.set_scale(20)
    try:
        with calls(editable) as versions:
            ran = editable.run("--approve")
    finally:
        clock.set_scale(DEFAULT_SCALE)
    assert (ran.code, ran.status("Prod", "Echo.Deploy")) == (1, "Failed")
    assert "Activated alarms: Prod-Echo-TrafficEchoLiveErrors" in ran.printed
    assert live(editable) == before
    reached = [number for number, version in enumerate(versions) if version != before[0]]
    assert reached
    assert {later - earlier for earlier, later in itertools.pairwise(reached)} <= {10}
    assert_rolled_back(editable, ran)
