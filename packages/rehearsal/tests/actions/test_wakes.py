"""Actions and rules that wait for AWS wake immediately on a change or a stop, without polling."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from unittest.mock import Mock

import pytest

from rehearsal.actions.cloudformation import DeployStack
from rehearsal.actions.codedeploy import DeployByCodeDeploy
from rehearsal.actions.lambda_deploy import DeployFunction
from rehearsal.actions.rules import WatchAlarm
from rehearsal.host.cancellation import Cancellation
from rehearsal.workspace.clock import Clock

Wait = Callable[[Clock, Mock], str]


def stack(clock: Clock, task: Mock) -> str:
    return DeployStack(clock.changes).run(task).summary


def deployment(clock: Clock, task: Mock) -> str:
    return DeployByCodeDeploy(clock.changes)._outcome(task, task.endpoint.client(), "d-1").summary


def rule(clock: Clock, task: Mock) -> str:
    return WatchAlarm(clock).run(task).summary


def shift(clock: Clock, task: Mock) -> str:
    return DeployFunction(clock).run(task).summary


class Case(NamedTuple):
    """A wait: the states `first` and `then` of the service, and its summaries after a change and after a stop."""

    wait: Wait
    first: str
    then: str
    changed: str
    stopped: str


CASES = pytest.mark.parametrize(
    "case",
    [
        Case(
            stack, "DELETE_IN_PROGRESS", "DELETE_COMPLETE", "Echo DELETE_COMPLETE", "stopped while Echo was in progress"
        ),
        Case(deployment, "InProgress", "Succeeded", "deployment d-1 Succeeded", "stopped, and deployment d-1 with it"),
        Case(rule, "ALARM", "OK", "alarm errors is OK", "alarm errors is ALARM"),
        Case(
            shift,
            "OK",
            "ALARM",
            "alarm errors is in ALARM: echo:live has version 1 again",
            "stopped: echo:live has version 1 again",
        ),
    ],
    ids=lambda case: case.wait.__name__,
)


class Waiting:
    """A wait that runs in a separate thread, for a service whose state is `state`."""

    def __init__(self, folder: Path, state: str, wait: Wait) -> None:
        self.clock, self.stop, self.state = Clock(folder / "clock.json"), Cancellation(), state
        self.clock.set_scale(1)
        self._asked = threading.Event()
        api = Mock()
        api.describe_stacks.side_effect = lambda **_: self._ask({"Stacks": [{"StackStatus": self.state}]})
        api.get_deployment.side_effect = lambda **_: self._ask({"deploymentInfo": {"status": self.state}})
        api.describe_alarms.side_effect = lambda **_: self._ask({"MetricAlarms": [self._alarm()]})
        api.get_alias.return_value = {"FunctionVersion": "1"}
        settings = {"StackName": "Echo", "ActionMode": "DELETE_ONLY", "AlarmName": "errors", "WaitTime": "60"}
        settings |= {"FunctionName": "echo", "FunctionAlias": "live", "PublishedTargetVersion": "2"}
        settings |= {"DeployStrategy": "Canary10Percent60Minutes", "Alarms": "errors"}
        task = Mock(stop=self.stop, log=folder / "log")
        task.action.configuration, task.setting = settings, settings.__getitem__
        task.endpoint.client.return_value = api
        self._pool = ThreadPoolExecutor(1)
        self._summary = self._pool.submit(wait, self.clock, task)
        assert self._asked.wait(20)

    def _ask(self, answer: dict[str, object]) -> dict[str, object]:
        self._asked.set()
        return answer

    def _alarm(self) -> dict[str, str]:
        return {"AlarmName": "errors", "StateValue": self.state}

    def summary(self) -> str:
        try:
            return self._summary.result(20)
        finally:
            self._pool.shutdown()


@CASES
def test_a_change_wakes_the_wait(tmp_path: Path, limits_of_waits: list[float], case: Case) -> None:
    """The wait ends on the notification that the embedded AWS has changed; it never polls."""
    waiting = Waiting(tmp_path, case.first, case.wait)
    limits_of_waits.clear()
    waiting.state = case.then
    waiting.clock.changes.notify()
    assert waiting.summary() == case.changed
    assert [limit for limit in limits_of_waits if limit < 1] == []


@CASES
def test_a_stop_wakes_the_wait(tmp_path: Path, limits_of_waits: list[float], case: Case) -> None:
    """The wait ends on a stop, although the state of the service has not changed."""
    waiting = Waiting(tmp_path, case.first, case.wait)
    limits_of_waits.clear()
    waiting.stop.set()
    assert waiting.summary() == case.stopped
    assert [limit for limit in limits_of_waits if limit < 1] == []
