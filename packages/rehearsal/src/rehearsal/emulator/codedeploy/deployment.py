"""One deployment: hook, traffic shift, hook, watched by alarms; a failure rolls the alias back.

Sources: AWS CodeDeploy user guide, "Deployments on an AWS Lambda compute platform", "Redeploy and roll back a
deployment with CodeDeploy", "Monitoring deployments with CloudWatch alarms in CodeDeploy", "AppSpec 'hooks' section".
"""

from __future__ import annotations

import math
import threading
import time
import uuid

from rehearsal.emulator.codedeploy.alias_traffic import AliasTraffic
from rehearsal.emulator.codedeploy.app_spec import AFTER, BEFORE
from rehearsal.emulator.codedeploy.errors import DeploymentFailed
from rehearsal.emulator.codedeploy.store import ErrorInformation, Record, Store
from rehearsal.emulator.codedeploy.traffic_config import TrafficConfig
from rehearsal.host.cancellation import Cancellation
from rehearsal.workspace.clock import Clock

# A hook that reports no status fails after this time, counted from the end of its function.
HOOK_SECONDS = 3600.0
ENDED = ("Succeeded", "Failed", "Stopped")
CLOUDFORMATION = "CloudFormation"


class Hook:
    """The execution of one hook. answer: Succeeded or Failed, once the function has reported it; else empty."""

    def __init__(self, event: str) -> None:
        self.event, self.id, self.answer = event, uuid.uuid4().hex, ""
        self.began = self.ended = 0.0


class Deployment:
    """A deployment, which runs in a thread. ended: set when the alias has its final version."""

    def __init__(self, store: Store, clock: Clock, record: Record, group: Record, traffic: AliasTraffic) -> None:
        self.record, self.ended = record, threading.Event()
        self._store, self._clock, self._group, self._traffic = store, clock, group, traffic
        self._config: TrafficConfig = store.traffic_config(traffic.scope, record["deploymentConfigName"])
        alarms = group.get("alarmConfiguration") or {}
        self._alarms = [str(alarm["name"]) for alarm in alarms.get("alarms", [])] if alarms.get("enabled") else []
        self._stop = Cancellation()
        self._moved = False
        self.hooks: dict[str, Hook] = {}
        self.must_roll_back = False

    def start(self) -> None:
        threading.Thread(target=self.run, daemon=True).start()

    def run(self) -> None:
        """Shift the traffic, and record the deployment's result."""
        self._store.change(self.record, status="InProgress", startTime=time.time())
        try:
            self._shift()
            self._end("Succeeded")
        except DeploymentFailed as failure:
            self._fail(failure)
        finally:
            self.ended.set()

    def stop(self, *, roll_back: bool = False) -> None:
        """Stop the deployment. roll_back: roll back even if the group does not do so automatically."""
        self.must_roll_back = self.must_roll_back or roll_back
        self._stop.set()

    def answer_hook(self, id_: str, status: str) -> bool:
        """Record the status that a hook reports; return False where no hook of this id waits."""
        hook = self.hooks.get(id_)
        if hook is None or hook.answer:
            return False
        hook.answer = status
        self._clock.changes.notify()
        return True

    @property
    def failure(self) -> str:
        """The error message with the deployment's id; empty after success."""
        error = self.record.get("errorInformation")
        return f"{error['message']} (deployment {self.record['deploymentId']})" if error else ""

    def _shift(self) -> None:
        self._traffic.check(alarms=bool(self._alarms))
        self._check_alarms_and_stop()
        self._run_hook(BEFORE)
        for percent, seconds in self._config.steps():
            self._move(percent)
            self._wait(seconds)
        self._move(100)
        self._run_hook(AFTER)
        self._check_alarms_and_stop()

    def _move(self, percent: int) -> None:
        self._moved = True
        self._traffic.shift(percent)
        self._store.change(self.record, percent=percent)

    def _wait(self, seconds: float) -> None:
        """Wait `seconds` of AWS. Raises DeploymentFailed for an alarm or a stop."""
        for _ in self._clock.moments(seconds, self._stop):
            self._check_alarms_and_stop()

    def _check_alarms_and_stop(self) -> None:
        """Raise DeploymentFailed for an alarm in ALARM, and for a stop."""
        if self._stop.is_set():
            raise DeploymentFailed("MANUAL_STOP", "The deployment was stopped by a request.", stopped=True)
        if active := self._traffic.active_alarms(self._alarms):
            message = (
                "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and"
                f" the affected deployments have been stopped. Activated alarms: {', '.join(active)}"
            )
            raise DeploymentFailed("ALARM_ACTIVE", message, stopped=True)

    def _run_hook(self, event: str) -> None:
        function = self._traffic.spec.hooks.get(event)
        if not function:
            return
        hook = Hook(event)
        self.hooks[hook.id] = hook
        payload = {"DeploymentId": self.record["deploymentId"], "LifecycleEventHookExecutionId": hook.id}
        problems: list[DeploymentFailed] = []

        def invoke() -> None:
            try:
                self._traffic.invoke_hook(function, payload)
            except DeploymentFailed as problem:
                problems.append(problem)
            hook.ended = time.time()
            self._clock.changes.notify()

        threading.Thread(target=invoke, daemon=True).start()
        self._await_answer(hook, function, problems)
        if hook.answer == "Failed":
            message = f"A {event} lifecycle event hook ({function}) reported Failed."
            raise DeploymentFailed("HOOK_EXECUTION_FAILURE", message)

    def _await_answer(self, hook: Hook, function: str, problems: list[DeploymentFailed]) -> None:
        """Wait for the function's end, then an hour for its status. Raises DeploymentFailed."""
        for _ in self._clock.moments(math.inf, self._stop):
            if hook.answer:
                return
            if problems:
                raise problems[0]
            self._check_alarms_and_stop()
            if hook.ended:
                break
        for _ in self._clock.moments(HOOK_SECONDS, self._stop):
            if hook.answer:
                return
            self._check_alarms_and_stop()
        message = f"The hook {hook.event} ({function}) did not report a status within an hour."
        raise DeploymentFailed("TIMEOUT", message)

    def _fail(self, failure: DeploymentFailed) -> None:
        """Record the failure; roll back where the group or a request says so, and always for CloudFormation."""
        events = {"ALARM_ACTIVE": "DEPLOYMENT_STOP_ON_ALARM", "MANUAL_STOP": "DEPLOYMENT_STOP_ON_REQUEST"}
        event = events.get(failure.code, "DEPLOYMENT_FAILURE")
        by_stack = self.record["creator"] == CLOUDFORMATION
        if self._moved and (by_stack or self.must_roll_back or rolls_back(self._group, event)):
            self._roll_back()
        error: ErrorInformation = {"code": failure.code, "message": str(failure)}
        self._end("Stopped" if failure.stopped else "Failed", error)

    def _roll_back(self) -> None:
        try:
            self._traffic.restore()
            self._store.change(self.record, percent=0)
            message = f"version {self._traffic.spec.current} has all traffic again"
        except DeploymentFailed as problem:
            message = f"the alias could not go back: {problem}"
        self._store.change(self.record, rollbackInfo={"rollbackMessage": message})

    def _end(self, status: str, error: ErrorInformation | None = None) -> None:
        members: Record = {"status": status, "completeTime": time.time()}
        if error:
            members["errorInformation"] = error
        self._store.change(self.record, **members)
        self._clock.changes.notify()


def rolls_back(group: Record, event: str) -> bool:
    """Return whether a group rolls back automatically on an event such as DEPLOYMENT_FAILURE."""
    settings = group.get("autoRollbackConfiguration") or {}
    return bool(settings.get("enabled")) and event in settings.get("events", [])
