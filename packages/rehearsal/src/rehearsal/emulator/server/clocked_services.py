"""The services that use the rehearsal's clock: CodeDeploy, CloudWatch alarms, and the expiry of S3 objects."""

from __future__ import annotations

from rehearsal.emulator.cloudformation.resource_record import ResourceRecord
from rehearsal.emulator.cloudwatch import composite_alarm
from rehearsal.emulator.cloudwatch.alarm_evaluation import AlarmEvaluator
from rehearsal.emulator.cloudwatch.metric_math import MetricMathAlarms
from rehearsal.emulator.codedeploy import managed_policies, resources
from rehearsal.emulator.codedeploy.alias_update import AliasUpdates
from rehearsal.emulator.codedeploy.operations import CodeDeployApi
from rehearsal.emulator.codedeploy.service import CodeDeploy
from rehearsal.emulator.codedeploy.store import FILE, Store
from rehearsal.emulator.ministack.emulator_changes import EmulatorChanges
from rehearsal.emulator.s3.expiry import ObjectExpiry
from rehearsal.workspace.clock import Clock
from rehearsal.workspace.layout import Workspace


class ClockedServices:
    """Creates, starts and ends these services. clock: the workspace's. changes: wakes waiting threads.

    owners: the objects whose methods replace MiniStack's functions. api: CodeDeploy's API.
    """

    def __init__(self, workspace: Workspace, record: ResourceRecord) -> None:
        self.changes = EmulatorChanges()
        self.clock = Clock(workspace.clock, self.changes)
        self._alarms = AlarmEvaluator(self.clock)
        self._expiry = ObjectExpiry(self.clock)
        self._store = Store(workspace.running / FILE)
        self._codedeploy = CodeDeploy(self._store, self.clock)
        self.owners = (self.changes, self._alarms, MetricMathAlarms(record), AliasUpdates(self._codedeploy))
        self.api = CodeDeployApi(self._codedeploy)

    def start(self) -> None:
        """Register the resource types, and start the evaluation of alarms and the expiry of objects."""
        self.clock.watch()
        self._store.load()
        self._codedeploy.end_interrupted()
        composite_alarm.register()
        resources.register(self._codedeploy)
        managed_policies.add()
        self._alarms.start()
        self._expiry.start()

    def close(self) -> None:
        self._codedeploy.close()
        self._alarms.close()
        self._expiry.close()
