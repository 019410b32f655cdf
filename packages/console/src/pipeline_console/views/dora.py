"""The four DORA figures of each environment, from executions of the pipeline.

Source: DORA, "Software delivery performance metrics". An environment is a stage with a deploy action.

- deployment: the stage of the environment succeeded, in an execution that is not a rollback;
- lead time: from the author date of the commit to the end of the stage, where the source gives that date;
- failure: a test that failed after the deploy actions of its stage had succeeded, or a rollback of the stage;
- restore: from the failure to the next success of the stage.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, TypedDict

from pipeline_console.views.times import seconds_of

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import (
        ActionExecutionDetailTypeDef,
        PipelineDeclarationOutputTypeDef,
        StageDeclarationOutputTypeDef,
    )

    from pipeline_console.views.answers import ExecutionAnswer

DAY, WEEK = 86400.0, 604800.0
# The output variables in which sources give the date of a commit.
_DATES = ("AuthorDate", "CommitterDate")


@dataclass(frozen=True)
class Change:
    """An execution that reached an environment. at: when its stage ended; lead: seconds since the commit, if known."""

    execution_id: str
    at: float
    succeeded: bool
    failed_test: bool
    rollback: bool
    started: float
    lead: float | None = None


class FailureJson(TypedDict):
    """A failure as programs read it."""

    execution_id: str
    at: float
    kind: str
    restored_by: str
    seconds: float | None


class FiguresJson(TypedDict):
    """The figures of an environment as programs read them."""

    environment: str
    days: int
    deployments: list[str]
    deployments_per_week: float
    lead_time_seconds: float | None
    change_failure_rate: float | None
    restore_seconds: float | None
    failures: list[FailureJson]


@dataclass(frozen=True)
class Failure:
    """A failure of an environment. restored_by: the execution after which it worked again, else empty."""

    execution_id: str
    at: float
    kind: str
    restored_by: str = ""
    seconds: float | None = None

    def as_json(self) -> FailureJson:
        """Write every member."""
        return {
            "execution_id": self.execution_id,
            "at": self.at,
            "kind": self.kind,
            "restored_by": self.restored_by,
            "seconds": self.seconds,
        }


@dataclass(frozen=True)
class Figures:
    """The figures of one environment over some days. Times are medians in seconds; None: unknown."""

    environment: str
    days: int
    deployments: tuple[Change, ...]
    failures: tuple[Failure, ...]
    changes: int

    @property
    def per_week(self) -> float:
        return round(len(self.deployments) * 7 / self.days, 2)

    @property
    def lead_time(self) -> float | None:
        return _median(change.lead for change in self.deployments)

    @property
    def failure_rate(self) -> float | None:
        return min(1.0, len(self.failures) / self.changes) if self.changes else None

    @property
    def restore_time(self) -> float | None:
        return _median(failure.seconds for failure in self.failures)

    def as_json(self) -> FiguresJson:
        """Write the figures, with the executions behind each."""
        return {
            "environment": self.environment,
            "days": self.days,
            "deployments": [change.execution_id for change in self.deployments],
            "deployments_per_week": self.per_week,
            "lead_time_seconds": self.lead_time,
            "change_failure_rate": self.failure_rate,
            "restore_seconds": self.restore_time,
            "failures": [failure.as_json() for failure in self.failures],
        }


def figures(
    definition: PipelineDeclarationOutputTypeDef,
    summaries: Sequence[ExecutionAnswer],
    details: Sequence[ActionExecutionDetailTypeDef],
    now: float,
    days: int,
) -> list[Figures]:
    """Return the figures of each environment, in the order of the stages."""
    rollbacks = {summary["pipelineExecutionId"] for summary in summaries if summary.get("executionType") == "ROLLBACK"}
    dates = _commit_dates(details)
    environments = []
    for stage in definition["stages"]:
        if any(action["actionTypeId"]["category"] == "Deploy" for action in stage["actions"]):
            changes = _changes(stage, details, rollbacks, dates)
            recent = [change for change in changes if change.at >= now - days * DAY]
            environments.append(_figures(stage["name"], days, recent))
    return environments


def _figures(environment: str, days: int, changes: Sequence[Change]) -> Figures:
    failures = [
        _failure(change, changes[number + 1 :])
        for number, change in enumerate(changes)
        if change.rollback or change.failed_test
    ]
    deployed = tuple(change for change in changes if change.succeeded and not change.rollback)
    reached = sum(not change.rollback for change in changes)
    return Figures(environment, days, deployed, tuple(failures), reached)


def _failure(change: Change, later: Sequence[Change]) -> Failure:
    """Return the failure that a change is or repairs. A rollback that succeeds restores the environment itself."""
    began, kind = (change.started, "rollback") if change.rollback else (change.at, "failed test")
    candidates = [change, *later] if change.rollback else later
    restored = next((candidate for candidate in candidates if candidate.succeeded), None)
    if restored is None:
        return Failure(change.execution_id, began, kind)
    return Failure(change.execution_id, began, kind, restored.execution_id, restored.at - began)


def _changes(
    stage: StageDeclarationOutputTypeDef,
    details: Sequence[ActionExecutionDetailTypeDef],
    rollbacks: set[str],
    dates: Mapping[str, float],
) -> list[Change]:
    """Return the executions whose deploy actions of this stage succeeded, by when they ended there."""
    latest: dict[str, dict[str, ActionExecutionDetailTypeDef]] = {}
    for detail in sorted(details, key=lambda detail: seconds_of(detail.get("startTime")) or 0):
        if detail["stageName"] == stage["name"]:
            latest.setdefault(detail["pipelineExecutionId"], {})[detail["actionName"]] = detail
    changes = [_change(stage, id_, runs, rollbacks, dates) for id_, runs in latest.items()]
    return sorted(filter(None, changes), key=lambda change: change.at)


def _change(
    stage: StageDeclarationOutputTypeDef,
    id_: str,
    runs: Mapping[str, ActionExecutionDetailTypeDef],
    rollbacks: set[str],
    dates: Mapping[str, float],
) -> Change | None:
    kinds = {action["name"]: action["actionTypeId"]["category"] for action in stage["actions"]}
    status = {name: runs[name].get("status", "") if name in runs else "" for name in kinds}
    if any(status[name] != "Succeeded" for name, kind in kinds.items() if kind == "Deploy"):
        return None
    at = max(seconds_of(run.get("lastUpdateTime")) or 0 for run in runs.values())
    started = min(seconds_of(run.get("startTime")) or 0 for run in runs.values())
    failed = any(status[name] == "Failed" for name, kind in kinds.items() if kind in ("Test", "Build", "Invoke"))
    succeeded = all(state == "Succeeded" for state in status.values())
    if not (failed or succeeded):
        return None
    lead = at - dates[id_] if id_ in dates else None
    return Change(id_, at, succeeded, failed, id_ in rollbacks, started, lead)


def _commit_dates(details: Iterable[ActionExecutionDetailTypeDef]) -> dict[str, float]:
    """Return when the commit of each execution was authored, where its source says so."""
    dates = {}
    for detail in details:
        if detail.get("input", {}).get("actionTypeId", {}).get("category") == "Source":
            variables = detail.get("output", {}).get("outputVariables", {})
            text = next((variables[name] for name in _DATES if variables.get(name)), "")
            if (at := _parse(str(text))) is not None:
                dates[detail["pipelineExecutionId"]] = at
    return dates


def _parse(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
