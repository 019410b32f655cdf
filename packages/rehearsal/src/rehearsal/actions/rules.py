"""Rules of stage conditions that are not actions too: VariableCheck and CloudWatchAlarm.

Sources: AWS CodePipeline user guide, "Rule structure reference": VariableCheck, CloudWatchAlarm.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from rehearsal.actions.alarms import alarm_states
from rehearsal.engine.action_api import ActionError, Outcome, Task
from rehearsal.workspace.clock import Clock

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient

_OPERATORS: Mapping[str, tuple[str, Callable[[str, str], bool]]] = {
    "EQ": ("equals", lambda variable, value: variable == value),
    "NE": ("differs from", lambda variable, value: variable != value),
    "CONTAINS": ("contains", lambda variable, value: value in variable),
    "MATCHES": ("matches", lambda variable, value: re.fullmatch(value, variable) is not None),
}


class CheckVariable:
    """Rule/VariableCheck: compares a variable with a value."""

    def run(self, task: Task) -> Outcome:
        variable, value, operator = task.setting("Variable"), task.setting("Value"), task.setting("Operator")
        if operator not in _OPERATORS:
            raise ActionError(f"{task.where}: Operator: got {operator}; {', '.join(_OPERATORS)} are allowed")
        words, holds = _OPERATORS[operator]
        try:
            met = holds(variable, value)
        except re.error as error:
            raise ActionError(f"{task.where}: Value: {value} is not a regular expression: {error}") from error
        return Outcome(not met, f"{variable} {words} {value}: {'yes' if met else 'no'}")


class WatchAlarm:
    """Rule/CloudWatchAlarm: fails where an alarm is in one of AlarmStates, checked for WaitTime minutes.

    Before a stage, the rule waits until the alarm has left these states, and fails if it has not after WaitTime. After
    a stage, it watches for the whole WaitTime, and fails as soon as the alarm enters one of these states:
    CodePipeline's announcement of conditions has a rollback "if a CloudWatch alarm goes into ALARM state within 60
    minutes".
    Source: What's new at AWS, "AWS CodePipeline introduces stage level conditions to implement pipeline gates".
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def run(self, task: Task) -> Outcome:
        name = task.setting("AlarmName")
        states = [part.strip() for part in task.action.configuration.get("AlarmStates", "ALARM").split(",")]
        wait, state = 60 * float(task.action.configuration.get("WaitTime", "0")), ""
        cloudwatch = task.endpoint.client("cloudwatch", task.credentials(), task.region)
        watches = task.action.condition == "onSuccess"
        for _ in self._clock.moments(wait, task.stop):
            state = _alarm_state(cloudwatch, name, task)
            if (state in states) == watches:
                break
        return Outcome(failed=state in states, summary=f"alarm {name} is {state}")


def _alarm_state(cloudwatch: CloudWatchClient, name: str, task: Task) -> str:
    """Return the state of an alarm. Raises ActionError where there is none."""
    state = alarm_states(cloudwatch, [name]).get(name)
    if state is None:
        raise ActionError(f"{task.where}: there is no alarm {name}")
    return state
