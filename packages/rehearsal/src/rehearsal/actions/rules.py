"""Rules of stage conditions that are no actions as well.

Sources: AWS CodePipeline user guide, "Rule structure reference": VariableCheck, CloudWatchAlarm.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from rehearsal.engine.action_api import ActionError, Outcome, Task
from rehearsal.workspace.clock import Clock

_OPERATORS: Mapping[str, tuple[str, Callable[[str, str], bool]]] = {
    "EQ": ("equals", lambda variable, value: variable == value),
    "NE": ("differs from", lambda variable, value: variable != value),
    "CONTAINS": ("contains", lambda variable, value: value in variable),
    "MATCHES": ("matches", lambda variable, value: re.fullmatch(value, variable) is not None),
}


class CheckVariable:
    """Rule/VariableCheck: a variable against a value."""

    def run(self, task: Task) -> Outcome:
        variable, value, operator = task.setting("Variable"), task.setting("Value"), task.setting("Operator")
        if operator not in _OPERATORS:
            raise ActionError(f"{task.where}: Operator: got {operator}; {', '.join(_OPERATORS)} are allowed")
        words, holds = _OPERATORS[operator]
        try:
            met = holds(variable, value)
        except re.error as error:
            raise ActionError(f"{task.where}: Value: {value} is no regular expression: {error}") from error
        return Outcome(not met, f"{variable} {words} {value}: {'yes' if met else 'no'}")


class WatchAlarm:
    """Rule/CloudWatchAlarm: fails where the alarm is still in one of AlarmStates when WaitTime is over."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def run(self, task: Task) -> Outcome:
        name = task.setting("AlarmName")
        states = [each.strip() for each in task.action.configuration.get("AlarmStates", "ALARM").split(",")]
        wait, state = 60 * float(task.action.configuration.get("WaitTime", "0")), ""
        cloudwatch = task.endpoint.client("cloudwatch", task.credentials(), task.region)
        for _ in self._clock.moments(wait, task.stop):
            found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
            alarms = [*found.get("MetricAlarms", []), *found.get("CompositeAlarms", [])]
            if not alarms:
                raise ActionError(f"{task.where}: there is no alarm {name}")
            state = alarms[0]["StateValue"]
            if state not in states:
                return Outcome(failed=False, summary=f"alarm {name} is {state}")
        return Outcome(failed=True, summary=f"alarm {name} is {state}")
