"""Evaluation of every alarm at the end of each of its periods, by the rehearsal's clock.

Source: Amazon CloudWatch user guide, "Alarm evaluation".
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator

from rehearsal.emulator.cloudwatch.alarm_math import AlarmMath
from rehearsal.emulator.cloudwatch.alarm_states import COMPARISONS, AlarmRule
from rehearsal.emulator.cloudwatch.series_functions import Series, UnsupportedExpression
from rehearsal.emulator.ministack.port import cloudwatch
from rehearsal.emulator.ministack.port.cloudwatch import Alarm
from rehearsal.emulator.ministack.port.requests import request_scope
from rehearsal.json_values import items
from rehearsal.workspace.clock import Clock

MINUTE = 60.0
PAUSE_SECONDS = 0.1

log = logging.getLogger(__name__)


class AlarmEvaluator:
    """Evaluates alarms in a thread; `close` ends it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._evaluated: dict[str, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ended.set()

    def evaluate_as_aws(self, _evaluate: Callable[[Alarm], None]) -> Callable[[Alarm], None]:
        """Return the replacement of the function that evaluates an alarm; MiniStack calls it for new data points."""
        return self.evaluate

    def evaluate(self, alarm: Alarm) -> None:
        """Evaluate an alarm of the request's account now, and change its state."""
        if alarm.get("ComparisonOperator") not in COMPARISONS:
            return
        rule = AlarmRule.of(alarm)
        try:
            values = self._values(alarm, rule)
        except UnsupportedExpression:
            return
        state = rule.state(values)
        if state is not None and state != alarm["StateValue"]:
            cloudwatch.change_alarm_state(alarm, state, rule.reason(values, state))

    def _values(self, alarm: Alarm, rule: AlarmRule) -> Series:
        """Return the value of the alarm's metric or expression in each period of the evaluation range, newest first.

        Raises UnsupportedExpression.
        """
        end, periods = self._period_end(alarm), rule.evaluation_range
        if alarm.get("MetricName"):
            return list(self._metric_values(alarm, end, periods))
        queries = AlarmMath.of(items(alarm, "Metrics"))
        return queries.series(lambda metric: list(self._metric_values(metric, end, periods)))

    def _metric_values(self, metric: Alarm, end: float, periods: int) -> Iterator[float | None]:
        period = float(metric.get("Period") or MINUTE)
        clock = self._clock.setting
        points = [(clock.at(point["Timestamp"]), point) for point in cloudwatch.metric_points(metric)]
        for number in range(periods):
            first, last = end - (number + 1) * period, end - number * period
            yield cloudwatch.statistic(metric, [point for at, point in points if first <= at < last])

    def _period_end(self, alarm: Alarm) -> float:
        """The end of the last period, in AWS's time: alarms are evaluated every minute, or every shorter period."""
        step = min(float(alarm.get("Period") or MINUTE), MINUTE)
        return math.floor(self._clock.setting.at(time.time()) / step) * step

    def _run(self) -> None:
        while not self._ended.wait(PAUSE_SECONDS):
            for account, region, alarm in cloudwatch.all_alarms():
                end = self._period_end(alarm)
                if self._evaluated.get(alarm["AlarmArn"]) == end:
                    continue
                self._evaluated[alarm["AlarmArn"]] = end
                try:
                    with request_scope(account, region):
                        self.evaluate(alarm)
                except Exception:
                    log.exception("alarm %s could not be evaluated", alarm["AlarmArn"])
