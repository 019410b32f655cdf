"""The CloudWatchAlarm rule in the embedded AWS."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.actions.conftest import Pipelines, alarm, kind, s3
from tests.conftest import Embedded

pytestmark = pytest.mark.slow


def watch(alarm: str, minutes: int) -> dict[str, Any]:
    """Return a condition with a CloudWatchAlarm rule."""
    configuration = {"AlarmName": alarm, "WaitTime": str(minutes)}
    rule = {"name": "Watch", "ruleTypeId": kind("Rule", "CloudWatchAlarm"), "configuration": configuration}
    return {"conditions": [{"result": "FAIL", "rules": [rule]}]}


@pytest.mark.parametrize(("state", "status"), [("OK", "Succeeded"), ("ALARM", "Failed")])
@pytest.mark.parametrize("when", ["beforeEntry", "onSuccess"])
def test_an_alarm_decides_on_a_condition(
    pipelines: Pipelines, embedded: Embedded, when: str, state: str, status: str
) -> None:
    """A CloudWatchAlarm rule decides before and after a stage."""
    action = s3(BucketName=embedded.bucket(), Extract="true")
    condition = {when: watch(alarm(embedded, state), 0)}
    assert pipelines.run(pipelines.source({"a": "b"}), action, **condition).status == status


def test_an_alarm_in_the_bake_time_fails_the_stage(pipelines: Pipelines, embedded: Embedded) -> None:
    """The rule watches for its whole wait time after the stage, and fails as soon as the alarm goes to ALARM."""
    name = alarm(embedded, "OK")
    api = embedded.client("cloudwatch")
    later = threading.Timer(3, api.set_alarm_state, (), {"AlarmName": name, "StateValue": "ALARM", "StateReason": "x"})
    later.start()
    began = time.monotonic()
    ran = pipelines.run(
        pipelines.source({"a": "b"}), s3(BucketName=embedded.bucket(), Extract="true"), onSuccess=watch(name, 6_000)
    )
    assert (ran.status, f"alarm {name} is ALARM" in ran.summary) == ("Failed", True)
    assert time.monotonic() - began < 25, "the rule waited on after the alarm"
