"""Durations of a shift and its rollback, at AWS's pace and at the default one; `make soak` prints the figures."""

from __future__ import annotations

import json
import math
import os
import statistics
import time
from collections.abc import Callable

import pytest

from rehearsal.workspace.clock import DEFAULT_SCALE, Clock
from tests.conftest import Embedded
from tests.emulator.codedeploy.releases import Service

pytestmark = pytest.mark.skipif("PACE" not in os.environ, reason="takes two minutes: `make soak` runs it")

BAD = 'raise ValueError("planted")'


def seconds_until(condition: Callable[[], bool]) -> float:
    """Wait until the condition holds, and return the real time."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "the condition did not hold within 120 seconds"
        time.sleep(0.05)
    return time.time()


def test_the_bad_version_loses_its_traffic_as_soon_as_its_alarm_fires(embedded: Embedded) -> None:
    """At AWS's pace, the rollback waits only for the end of the alarm's minute."""
    service = Service(embedded, embedded.name("pace"), minutes=10, alarm=True)
    service.release(1)
    clock = Clock(embedded.workspace.clock)
    clock.set_scale(1)
    try:
        figures = measured(service, embedded)
    finally:
        clock.set_scale(DEFAULT_SCALE)
    print(json.dumps(figures))
    assert figures["from the end of the error's minute to 0% on the bad version"] < 5
    assert figures["from there to UPDATE_ROLLBACK_COMPLETE"] < 10


def measured(service: Service, embedded: Embedded) -> dict[str, float]:
    """Return the seconds between the steps of a bad release, whose alarm is evaluated at the end of its minute."""
    stacks = embedded.client("cloudformation")
    template = json.dumps({"Resources": service.resources(2, BAD, group=True)})
    stacks.update_stack(StackName=service.name, TemplateBody=template, Capabilities=["CAPABILITY_IAM"])
    service.await_weight()
    failed = seconds_until(lambda: bool(service.call(1)["2"]))
    minute_end = math.ceil(failed / 60) * 60
    shifted_back = seconds_until(lambda: service.alias() == ("1", {}))

    def status() -> str:
        return str(stacks.describe_stacks(StackName=service.name)["Stacks"][0]["StackStatus"])

    back = seconds_until(lambda: status() == "UPDATE_ROLLBACK_COMPLETE")
    return {
        "from the first error to the end of its minute": round(minute_end - failed, 1),
        "from the end of the error's minute to 0% on the bad version": round(shifted_back - minute_end, 1),
        "from there to UPDATE_ROLLBACK_COMPLETE": round(back - shifted_back, 1),
    }


def test_a_canary_adds_less_than_three_seconds_to_a_rehearsal(embedded: Embedded) -> None:
    """A canary of five minutes with both hooks adds less than three seconds at the default pace."""
    hooks = {"BeforeAllowTraffic": "Succeeded", "AfterAllowTraffic": "Succeeded"}
    shifted = Service(embedded, embedded.name("shifted"), minutes=5, hooks=hooks, alarm=True)
    plain = Service(embedded, embedded.name("plain"), hooks=hooks)
    added = []
    for number in range(1, 5):
        took = []
        for service in (shifted, plain):
            began = time.monotonic()
            service.release(number, group=service is shifted)
            took.append(time.monotonic() - began)
        added.append(took[0] - took[1])
    print(json.dumps({"seconds that a canary adds": [round(seconds, 2) for seconds in added[1:]]}))
    assert statistics.median(added[1:]) < 3
