"""What shifts and watches traffic: alarms, on the rehearsal's clock."""

from __future__ import annotations

from rehearsal.emulator.cloudwatch import composite_alarm
from rehearsal.emulator.cloudwatch.alarm_evaluation import AlarmEvaluator
from rehearsal.workspace.clock import Clock


class Traffic:
    """owners: the objects whose methods replace MiniStack's."""

    def __init__(self, clock: Clock) -> None:
        alarms = AlarmEvaluator(clock)
        self.owners = (alarms,)
        self._alarms = alarms

    def start(self) -> None:
        """Let templates have the types, and begin to evaluate alarms."""
        composite_alarm.register()
        self._alarms.start()

    def close(self) -> None:
        self._alarms.close()
