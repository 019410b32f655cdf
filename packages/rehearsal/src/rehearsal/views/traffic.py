"""Traffic shifts during an execution, from CodeDeploy's deployment records: weights, results and rollbacks."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from rehearsal.emulator.codedeploy.app_spec import parse_app_spec
from rehearsal.emulator.codedeploy.store import FILE, Record, read_deployments
from rehearsal.json_values import text
from rehearsal.views.execution_view import ExecutionView
from rehearsal.workspace.clock import Clock
from rehearsal.workspace.layout import Workspace


@dataclass(frozen=True)
class Shift:
    """One deployment. percent: the new version's current share of traffic. message: why it did not succeed."""

    account: str
    alias: str
    version: str
    percent: int
    status: str
    deployment: str
    message: str

    def __str__(self) -> str:
        has = f"version {self.version} has {self.percent}%"
        return f"{self.account} {self.alias}: {has}, {self.status}" + (f": {self.message}" if self.message else "")


def shifts(space: Workspace, view: ExecutionView) -> list[Shift]:
    """Return the shifts that began while an execution ran, oldest first."""
    if view.started is None:
        return []
    last = float("inf") if view.seconds is None else view.started + view.seconds
    dated = [(created, shift) for created, shift in _all_shifts(space) if view.started <= created <= last]
    return [shift for _, shift in sorted(dated, key=operator.itemgetter(0))]


def failed_shifts(space: Workspace, view: ExecutionView) -> list[Shift]:
    """Return the shifts of an execution that did not succeed."""
    return [shift for shift in shifts(space, view) if shift.message]


class ShiftNews:
    """Changes of weight and status of an execution's shifts since the last call of `take`."""

    def __init__(self, space: Workspace) -> None:
        self._space = space
        self._read_at = 0
        self._reported: dict[str, str] = {}

    def take(self, view: ExecutionView) -> list[str]:
        """Return a line for each shift that has changed since the last call."""
        written_at = _written_at(self._space)
        if written_at == self._read_at:
            return []
        self._read_at = written_at
        lines = {shift.deployment: str(shift) for shift in shifts(self._space, view)}
        news = [line for deployment, line in lines.items() if self._reported.get(deployment) != line]
        self._reported.update(lines)
        return news


def _written_at(space: Workspace) -> int:
    """Return when CodeDeploy's records were written last, in nanoseconds since 1970; 0 where there are none."""
    try:
        return (space.state / FILE).stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def as_json(shifts: Sequence[Shift]) -> list[dict[str, object]]:
    """Return shifts as `--json` prints them. Contract: docs/rehearsal/json.md."""
    return [asdict(shift) for shift in shifts]


def pace(space: Workspace, shifts: Sequence[Shift]) -> list[str]:
    """Return the note of the end of a run on the clock's scale, where traffic was shifted by it."""
    scale = Clock(space.clock).setting.scale
    return [f"traffic shifted {scale:g} times as fast as on AWS (`rehearse clock`)"] if shifts and scale != 1 else []


def _all_shifts(space: Workspace) -> Iterator[tuple[float, Shift]]:
    """Yield (time of creation, shift) of every deployment."""
    for account, record in read_deployments(space.state / FILE):
        yield record["createTime"], _shift(account, record)


def _shift(account: str, record: Record) -> Shift:
    spec = parse_app_spec(record["revision"]["appSpecContent"]["content"])
    return Shift(
        account=account,
        alias=f"{spec.function}:{spec.alias}",
        version=spec.target,
        percent=int(record.get("percent", 0)),
        status=record["status"],
        deployment=record["deploymentId"],
        message=text(record, "errorInformation", "message"),
    )
