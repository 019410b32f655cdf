"""CodeDeploy's applications, configurations, groups and deployments of each account and region."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypedDict, Unpack

from rehearsal.emulator.codedeploy.errors import CodeDeployError
from rehearsal.emulator.codedeploy.traffic_config import PREDEFINED, TrafficConfig
from rehearsal.host.atomic_write import write_json

FILE = "codedeploy.json"  # in the folder of the embedded AWS's state
DEPLOYMENTS = "deployments"


class AppSpecContent(TypedDict):
    content: str
    sha256: str


class Revision(TypedDict):
    revisionType: str
    appSpecContent: AppSpecContent


class ErrorInformation(TypedDict):
    code: str
    message: str


class Alarm(TypedDict, total=False):
    name: str


class AlarmConfiguration(TypedDict, total=False):
    alarms: list[Alarm]
    enabled: bool


class AutoRollbackConfiguration(TypedDict, total=False):
    enabled: bool
    events: list[str]


class Record(TypedDict, total=False):
    """An application, a configuration, a group or a deployment; percent: of the traffic that has shifted."""

    alarmConfiguration: AlarmConfiguration
    applicationName: str
    autoRollbackConfiguration: AutoRollbackConfiguration
    completeTime: float
    computePlatform: str
    createTime: float
    creator: str
    deploymentConfigName: str
    deploymentGroupName: str
    deploymentId: str
    description: str
    errorInformation: ErrorInformation
    percent: int
    revision: Revision
    rollbackInfo: Mapping[str, str]
    serviceRoleArn: str
    startTime: float
    status: str
    trafficRoutingConfig: Mapping[str, object]


class Scope(NamedTuple):
    """An account and a region."""

    account: str
    region: str


@dataclass
class Store:
    """Records in the API's form, in a file that is saved with the state of the embedded AWS."""

    path: Path
    _records: dict[str, dict[str, Record]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def load(self) -> None:
        """Read the saved file, if it exists."""
        if self.path.exists():
            self._records = json.loads(self.path.read_text())

    def put(self, scope: Scope, kind: str, name: str, record: Record) -> None:
        with self._lock:
            self._table(scope, kind)[name] = record
            write_json(self.path, self._records)

    def change(self, record: Record, **members: Unpack[Record]) -> None:
        """Change members of a record that is stored already."""
        with self._lock:
            record.update(members)
            write_json(self.path, self._records)

    def remove(self, scope: Scope, kind: str, name: str) -> None:
        with self._lock:
            self._table(scope, kind).pop(name, None)
            write_json(self.path, self._records)

    def all(self, scope: Scope, kind: str) -> dict[str, Record]:
        """Return a copy of the records of one kind by their names."""
        with self._lock:
            return dict(self._table(scope, kind))

    def application(self, scope: Scope, name: str) -> Record:
        """Return an application. Raises CodeDeployError."""
        record = self.all(scope, "applications").get(name)
        if record is None:
            message = f"No application found for name: {name}"
            raise CodeDeployError("ApplicationDoesNotExistException", message)
        return record

    def group(self, scope: Scope, application: str, name: str) -> Record:
        """Return a deployment group. Raises CodeDeployError."""
        self.application(scope, application)
        record = self.all(scope, "groups").get(f"{application}/{name}")
        if record is None:
            message = f"No Deployment Group found for name: {name}"
            raise CodeDeployError("DeploymentGroupDoesNotExistException", message)
        return record

    def deployment(self, scope: Scope, id_: str) -> Record:
        """Return a deployment. Raises CodeDeployError."""
        record = self.all(scope, DEPLOYMENTS).get(id_)
        if record is None:
            message = f"The deployment {id_} could not be found"
            raise CodeDeployError("DeploymentDoesNotExistException", message)
        return record

    def traffic_config(self, scope: Scope, name: str) -> TrafficConfig:
        """Return a deployment configuration of Lambda. Raises CodeDeployError."""
        if name in PREDEFINED:
            return PREDEFINED[name]
        record = self.all(scope, "configs").get(name)
        if record is None:
            message = f"No Deployment Configuration found for name: {name}"
            raise CodeDeployError("DeploymentConfigDoesNotExistException", message)
        return TrafficConfig.of(record.get("trafficRoutingConfig"))

    def _table(self, scope: Scope, kind: str) -> dict[str, Record]:
        return self._records.setdefault(f"{scope.account}/{scope.region}/{kind}", {})

    def every(self, kind: str) -> list[Record]:
        """Return the records of one kind of all accounts and regions."""
        with self._lock:
            tables = [table for name, table in self._records.items() if name.endswith(f"/{kind}")]
            return [record for table in tables for record in table.values()]


def read_deployments(file: Path) -> Iterator[tuple[str, Record]]:
    """Yield (account, deployment) for every deployment in a store's file, which may be missing."""
    for name, table in (json.loads(file.read_text()) if file.exists() else {}).items():
        account, _, kind = name.split("/")
        if kind == DEPLOYMENTS:
            for record in table.values():
                yield account, record
