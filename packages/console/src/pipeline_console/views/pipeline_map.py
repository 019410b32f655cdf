"""The map of a pipeline: stages, actions, transitions, and the executions in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_console.views.revisions import UNKNOWN, Revision, first_revision
from pipeline_console.views.times import seconds_of

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import (
        ActionDeclarationOutputTypeDef,
        ActionExecutionTypeDef,
        GetPipelineStateOutputTypeDef,
        PipelineDeclarationOutputTypeDef,
        StageDeclarationOutputTypeDef,
        StageStateTypeDef,
        TransitionStateTypeDef,
    )

    from pipeline_console.views.answers import ExecutionAnswer


@dataclass(frozen=True)
class Transition:
    """The transition into a stage. by, reason, at: who closed it, why and when; empty for an open one."""

    enabled: bool
    by: str = ""
    reason: str = ""
    at: float | None = None


@dataclass(frozen=True)
class StageExecution:
    """An execution in a stage, or one that waits at its entrance (`inbound`)."""

    id: str
    status: str
    revision: Revision = UNKNOWN
    rollback: bool = False
    inbound: bool = False


@dataclass(frozen=True)
class MapAction:
    """An action with its latest run. token: that of the approval that waits now, else empty."""

    name: str
    category: str
    provider: str
    run_order: int
    status: str = ""
    summary: str = ""
    changed: float | None = None
    execution_id: str = ""
    token: str = ""
    region: str = ""

    @property
    def waits(self) -> bool:
        return self.category == "Approval" and self.status == "InProgress" and bool(self.token)


@dataclass(frozen=True)
class MapStage:
    """A stage. transition: None for the first one. conditions: kind and status of its stage conditions."""

    name: str
    transition: Transition | None
    executions: tuple[StageExecution, ...]
    actions: tuple[MapAction, ...]
    conditions: tuple[tuple[str, str, str], ...] = ()

    @property
    def status(self) -> str:
        return next((execution.status for execution in self.executions if not execution.inbound), "")

    def groups(self) -> list[list[MapAction]]:
        """Return the actions by run order: those of one group run in parallel."""
        orders = sorted({action.run_order for action in self.actions})
        return [[action for action in self.actions if action.run_order == order] for order in orders]


@dataclass(frozen=True)
class PipelineMap:
    """A pipeline as it is now. mode: its execution mode."""

    name: str
    version: int
    mode: str
    stages: tuple[MapStage, ...]

    def approvals(self) -> list[tuple[MapStage, MapAction]]:
        """Return the approvals that wait."""
        return [(stage, action) for stage in self.stages for action in stage.actions if action.waits]


def pipeline_map(
    pipeline: PipelineDeclarationOutputTypeDef,
    state: GetPipelineStateOutputTypeDef,
    executions: Iterable[ExecutionAnswer],
) -> PipelineMap:
    """Combine the answers of GetPipeline, GetPipelineState and ListPipelineExecutions."""
    revisions = {summary["pipelineExecutionId"]: first_revision(summary) for summary in executions}
    states = {stage["stageName"]: stage for stage in state["stageStates"]}
    return PipelineMap(
        pipeline["name"],
        int(pipeline.get("version", 1)),
        pipeline.get("executionMode", "SUPERSEDED"),
        tuple(_stage(stage, states.get(stage["name"], {}), revisions) for stage in pipeline["stages"]),
    )


def _stage(
    declared: StageDeclarationOutputTypeDef, state: StageStateTypeDef, revisions: Mapping[str, Revision]
) -> MapStage:
    latest = {action["actionName"]: action.get("latestExecution", {}) for action in state.get("actionStates", ())}
    conditions = (
        ("entry", state.get("beforeEntryConditionState")),
        ("success", state.get("onSuccessConditionState")),
        ("failure", state.get("onFailureConditionState")),
    )
    latest_of = [(name, condition.get("latestExecution", {})) for name, condition in conditions if condition]
    return MapStage(
        declared["name"],
        _transition(state.get("inboundTransitionState")),
        tuple(_executions(state, revisions)),
        tuple(_action(action, latest.get(action["name"], {})) for action in declared["actions"]),
        tuple((name, shown.get("status", ""), shown.get("summary", "")) for name, shown in latest_of),
    )


def _transition(state: TransitionStateTypeDef | None) -> Transition | None:
    if state is None:
        return None
    return Transition(
        bool(state.get("enabled", True)),
        state.get("lastChangedBy", ""),
        state.get("disabledReason", ""),
        seconds_of(state.get("lastChangedAt")),
    )


def _executions(state: StageStateTypeDef, revisions: Mapping[str, Revision]) -> Iterable[StageExecution]:
    single = [state["inboundExecution"]] if state.get("inboundExecution") else []
    inside = [state["latestExecution"]] if state.get("latestExecution") else []
    waiting = state.get("inboundExecutions") or single
    shown = [(execution, True) for execution in waiting] + [(execution, False) for execution in inside]
    for execution, inbound in shown:
        id_, rollback = execution["pipelineExecutionId"], execution.get("type") == "ROLLBACK"
        yield StageExecution(id_, execution.get("status", ""), revisions.get(id_, UNKNOWN), rollback, inbound)


def _action(declared: ActionDeclarationOutputTypeDef, latest: ActionExecutionTypeDef) -> MapAction:
    type_ = declared["actionTypeId"]
    return MapAction(
        declared["name"],
        type_["category"],
        type_["provider"],
        int(declared.get("runOrder", 1)),
        latest.get("status", ""),
        latest.get("errorDetails", {}).get("message", "") or latest.get("summary", ""),
        seconds_of(latest.get("lastStatusChange")),
        latest.get("actionExecutionId", ""),
        latest.get("token", ""),
        declared.get("region", ""),
    )
