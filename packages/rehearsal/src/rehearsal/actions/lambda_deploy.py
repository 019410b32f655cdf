"""Deploy/Lambda: publish a function's code, and shift the traffic of its alias to the new version.

Source: AWS CodePipeline user guide, "AWS Lambda deploy action reference".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from rehearsal.actions.alarms import alarm_states
from rehearsal.actions.artifacts import download
from rehearsal.actions.aws_errors import action_error
from rehearsal.actions.traffic_steps import canary_steps, linear_steps
from rehearsal.engine.action_api import ActionError, Outcome, Task
from rehearsal.workspace.clock import Clock

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_lambda import LambdaClient

MOST_ALARMS, MOST_SECONDS = 10, 2 * 86400.0
ALL_AT_ONCE = "AllAtOnce"
_STRATEGIES: tuple[tuple[str, Callable[[int, int], Iterable[tuple[int, float]]]], ...] = (
    (r"Canary(\d+)Percent(\d+)Minutes?", canary_steps),
    (r"Linear(\d+)PercentEvery(\d+)Minutes?", linear_steps),
)
Steps = list[tuple[int, float]]


@dataclass(frozen=True)
class DeploySettings:
    """The action's configuration. steps: (percent, seconds) below 100 percent. alarms: any of them ends the shift."""

    function: str
    alias: str
    version: str
    steps: Steps
    alarms: list[str]

    @classmethod
    def of(cls, task: Task) -> DeploySettings:
        """Parse the configuration. Raises ActionError for a configuration that AWS refuses."""
        settings = task.action.configuration
        alias, version = settings.get("FunctionAlias", ""), settings.get("PublishedTargetVersion", "")
        strategy = settings.get("DeployStrategy", ALL_AT_ONCE)
        alarms = [name.strip() for name in settings.get("Alarms", "").split(",") if name.strip()]
        if not version and not task.action.inputs:
            raise ActionError(f"{task.where}: PublishedTargetVersion is needed where there is no input artifact")
        if not alias and (version or strategy != ALL_AT_ONCE):
            raise ActionError(f"{task.where}: DeployStrategy and PublishedTargetVersion need a FunctionAlias")
        if len(alarms) > MOST_ALARMS:
            raise ActionError(f"{task.where}: Alarms: got {len(alarms)}; {MOST_ALARMS} at most are allowed")
        return cls(task.setting("FunctionName"), alias, version, _steps(task.where, strategy), alarms)


class DeployFunction:
    """Publishes a version, unless the action names one, and shifts the alias, if the action names one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def run(self, task: Task) -> Outcome:
        settings, credentials = DeploySettings.of(task), task.credentials()
        api = task.endpoint.client("lambda", credentials, task.region)
        cloudwatch = task.endpoint.client("cloudwatch", credentials, task.region)
        try:
            version = settings.version or _publish(task, api, settings.function)
            if not settings.alias:
                return _success(f"version {version} of {settings.function} is published", version)
            return _AliasShift(task, settings, api, cloudwatch, self._clock).run(version)
        except ClientError as error:
            raise action_error(f"{task.where}: {error}", error) from error


@dataclass(frozen=True)
class _AliasShift:
    """The shift of an alias's traffic to another version."""

    task: Task
    settings: DeploySettings
    api: LambdaClient
    cloudwatch: CloudWatchClient
    clock: Clock

    def run(self, version: str) -> Outcome:
        """Shift all traffic to a version, step by step; route it back on an alarm or a stop. Raises ActionError."""
        function, alias = self.settings.function, self.settings.alias
        current = self._current_version()
        if current == version:
            return _success(f"{function}:{alias} has version {version} already", version)
        for percent, seconds in self.settings.steps:
            self._route(current, {version: percent / 100})
            self.task.note(f"version {version} of {function}:{alias} has {percent}%")
            if problem := self._watch(seconds):
                self._route(current, {})
                return Outcome(failed=True, summary=f"{problem}: {function}:{alias} has version {current} again")
        self._route(version, {})
        return _success(f"{function}:{alias} has version {version}", version)

    def _watch(self, seconds: float) -> str:
        """Wait `seconds` of AWS; return why the shift has to be rolled back, empty if it can continue."""
        for _ in self.clock.moments(seconds, self.task.stop):
            states = alarm_states(self.cloudwatch, self.settings.alarms)
            if active := [name for name, state in states.items() if state == "ALARM"]:
                return f"alarm {', '.join(active)} is in ALARM"
        return "stopped" if self.task.stop.is_set() else ""

    def _current_version(self) -> str:
        alias = self.api.get_alias(FunctionName=self.settings.function, Name=self.settings.alias)
        if alias.get("RoutingConfig", {}).get("AdditionalVersionWeights"):
            raise ActionError(f"{self.task.where}: the alias {self.settings.alias} must have one version at the start")
        return alias["FunctionVersion"]

    def _route(self, version: str, weights: Mapping[str, float]) -> None:
        self.api.update_alias(
            FunctionName=self.settings.function,
            Name=self.settings.alias,
            FunctionVersion=version,
            RoutingConfig={"AdditionalVersionWeights": weights},
        )


def _steps(where: str, strategy: str) -> Steps:
    """Return the steps below 100 percent. Raises ActionError."""
    if strategy == ALL_AT_ONCE:
        return []
    for pattern, steps in _STRATEGIES:
        match = re.fullmatch(pattern, strategy)
        if match and 1 <= int(match[1]) <= 99:
            listed: Steps = list(steps(int(match[1]), int(match[2])))
            if sum(seconds for _, seconds in listed) > MOST_SECONDS:
                raise ActionError(f"{where}: DeployStrategy {strategy} takes more than 2 days")
            return listed
    allowed = f"{ALL_AT_ONCE}, Canary10Percent5Minutes and Linear10PercentEvery1Minute"
    raise ActionError(f"{where}: DeployStrategy: got {strategy}; {allowed}, with other numbers too, are allowed")


def _publish(task: Task, api: LambdaClient, function: str) -> str:
    zip_file = task.folder / "function.zip"
    download(task, task.action.inputs[0], task.credentials(), zip_file)
    answer = api.update_function_code(FunctionName=function, ZipFile=zip_file.read_bytes(), Publish=True)
    return str(answer["Version"])


def _success(summary: str, version: str) -> Outcome:
    return Outcome(failed=False, summary=summary, external_id=version)
