"""An execution as its page shows it: its revision, its attempts, and the executions that belong to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_console.views.pipeline_map import PipelineMap
from pipeline_console.views.revisions import Revision, first_revision
from pipeline_console.views.times import seconds_of
from pipeline_console.views.waterfall import Waterfall

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import (
        ExecutionTriggerTypeDef,
    )

    from pipeline_console.views.answers import ExecutionAnswer

RUNNING = frozenset(("InProgress", "Stopping"))


@dataclass(frozen=True)
class ExecutionHead:
    """The name, status and revision of an execution. rollback_of: the target of a rollback, else empty."""

    id: str
    status: str
    summary: str
    revision: Revision
    trigger: str
    version: int | None = None
    rollback_of: str = ""
    started: float | None = None
    updated: float | None = None
    stop_reason: str = ""

    @property
    def running(self) -> bool:
        return self.status in RUNNING

    @property
    def short(self) -> str:
        return self.id[:8]

    @property
    def seconds(self) -> float | None:
        if self.started is None or self.updated is None:
            return None
        return self.updated - self.started


@dataclass(frozen=True)
class Chapter:
    """An execution of the same story. relation: how it came about, seen from the one before."""

    head: ExecutionHead
    relation: str
    current: bool


_TRIGGERS = {
    "Webhook": "push",
    "WebhookV2": "push",
    "CreatePipeline": "the pipeline was created",
    "StartPipelineExecution": "started by",
    "PollForSourceChanges": "change of the source",
    "CloudWatchEvent": "event",
    "PutActionRevision": "new revision",
    "ManualRollback": "rollback by",
    "AutomatedRollback": "automatic rollback",
}


def head(execution: ExecutionAnswer) -> ExecutionHead:
    """Read a summary of ListPipelineExecutions, or the execution of GetPipelineExecution."""
    return ExecutionHead(
        execution["pipelineExecutionId"],
        execution.get("status", ""),
        execution.get("statusSummary", ""),
        first_revision(execution),
        trigger_text(execution.get("trigger", {})),
        execution.get("pipelineVersion"),
        execution.get("rollbackMetadata", {}).get("rollbackTargetPipelineExecutionId", ""),
        seconds_of(execution.get("startTime")),
        seconds_of(execution.get("lastUpdateTime")),
        execution.get("stopTrigger", {}).get("reason", ""),
    )


def trigger_text(trigger: ExecutionTriggerTypeDef) -> str:
    """Write what started an execution; of a caller's ARN, its name."""
    kind, detail = str(trigger.get("triggerType", "")), str(trigger.get("triggerDetail", ""))
    text = str(_TRIGGERS.get(kind, kind))
    if text.endswith(" by"):
        return f"{text} {detail.rpartition(':')[2] or 'unknown'}"
    return text


def story(id_: str, summaries: Sequence[ExecutionAnswer]) -> list[Chapter]:
    """Return the executions that belong together with this one, the oldest first; none where it is by itself.

    Restarts deliver the same revision, and a rollback names the execution that it goes back to.
    """
    heads = sorted(map(head, summaries), key=lambda execution: execution.started or 0)
    this = next((execution for execution in heads if execution.id == id_), None)
    if this is None:
        return []
    chapters = [Chapter(execution, _relation(this, execution), execution.id == id_) for execution in heads]
    related = [chapter for chapter in chapters if chapter.relation or chapter.current]
    return related if len(related) > 1 else []


def _relation(this: ExecutionHead, other: ExecutionHead) -> str:
    if other.id == this.id:
        return f"rollback to {this.rollback_of[:8]}" if this.rollback_of else ""
    if other.rollback_of == this.id:
        return "rollback to this execution"
    if this.rollback_of == other.id:
        return "the rollback's target"
    if this.revision.id and other.revision.id == this.revision.id and not other.rollback_of:
        return "same revision"
    return ""


def rollback_stages(pipeline: PipelineMap, flow: Waterfall) -> list[str]:
    """Return the stages that can be rolled back to this execution: it succeeded there.

    Source: AWS CodePipeline user guide, "Rolling back a stage"; the source stage is never rolled back.
    """
    latest = {(run.stage, run.name): run for run in flow.rows}
    run_stages = {run.stage for run in latest.values()}
    unsuccessful = {run.stage for run in latest.values() if run.status != "Succeeded"}
    succeeded = [stage for stage in pipeline.stages[1:] if stage.name in run_stages - unsuccessful]
    return [stage.name for stage in succeeded if any(action.category == "Deploy" for action in stage.actions)]


def failed_stage(flow: Waterfall) -> str:
    """Return the stage whose latest attempt of an action failed; empty where none did."""
    latest = {(run.stage, run.name): run for run in flow.rows}
    return next((run.stage for run in latest.values() if run.status == "Failed"), "")
