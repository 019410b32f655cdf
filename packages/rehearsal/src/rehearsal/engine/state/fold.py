"""The fold of journal events into the state of an execution; with attempt_events.py the only code that interprets them.

The engine folds each event that it writes. At its start, and in every view, the same events are folded again.
Journals of version 1 have fewer fields: their executions can be shown, but not retried or rolled back to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import cast

from rehearsal.engine.action_api import Revision
from rehearsal.engine.model.definition import NO_PIPELINE, Pipeline, PipelineKey
from rehearsal.engine.state.artifact_events import artifacts
from rehearsal.engine.state.attempt_events import ATTEMPT_HANDLERS, Handler
from rehearsal.engine.state.events import Event
from rehearsal.engine.state.execution import (
    ConditionState,
    Execution,
    ExecutionStatus,
    Origin,
    StageState,
)


def fold(execution: Execution, event: Event) -> Execution:
    """Return the state after `event`. An unknown event changes nothing."""
    handler = _HANDLERS.get(event["type"])
    return replace(handler(execution, event), updated=event["at"]) if handler else execution


def fold_all(events: Iterable[Event], pipeline: Pipeline = NO_PIPELINE) -> Execution:
    """Return the state after all `events`. pipeline: the definition that the execution started with, if it is known."""
    execution = Execution(pipeline=pipeline)
    for event in events:
        execution = fold(execution, event)
    return execution


def _started(execution: Execution, event: Event) -> Execution:
    return replace(
        execution,
        id=event["execution"],
        key=PipelineKey(event.get("account", ""), event.get("region", ""), event["pipeline"]),
        pipeline_id=event.get("pipeline_id", ""),
        version=event.get("version", 1),
        number=event.get("number", 0),
        mode=event.get("mode", ""),
        outline=tuple(
            (stage["name"], tuple((action["name"], action["provider"]) for action in stage["actions"]))
            for stage in event["stages"]
        ),
        origin=Origin(
            trigger=event.get("trigger", {}),
            requested_revisions=event.get("wanted", {}),
            token=event.get("token", ""),
            restart_of=event.get("restart_of"),
            rollback_of=event.get("rollback_of"),
            only=event.get("only", ""),
        ),
        variables=cast("Mapping[str, Mapping[str, str]]", event.get("variables", {})),
        status="InProgress",
        started=event["at"],
        artifacts=artifacts(event.get("artifacts", ())),
        revisions=tuple(Revision(**revision) for revision in event.get("revisions", ())),
    )


def _waiting_for_stage(execution: Execution, event: Event) -> Execution:
    return replace(execution, waits_for=event["stage"])


def _stopping(execution: Execution, event: Event) -> Execution:
    reason, abandoned = event.get("reason", ""), bool(event.get("abandon")) or execution.abandoned
    return replace(
        execution, status="Stopping", ending="Stopped", summary=reason, stop_reason=reason, abandoned=abandoned
    )


def _ending(execution: Execution, event: Event) -> Execution:
    """An update or the deletion of the pipeline ends the execution after its running actions."""
    return replace(execution, ending=event["ending"], summary=event.get("summary", ""))


def _resumed(execution: Execution, event: Event) -> Execution:
    """A manual retry, or the override of `condition`; `overridden` has the kinds of conditions not to check again."""
    name, condition = event.get("stage", ""), event.get("condition")
    state = execution.stages.get(name, StageState())
    if condition:
        checked = state.conditions.get(condition, ConditionState("Failed"))
        conditions = {**state.conditions, condition: replace(checked, status="Overridden")}
        state = replace(state, conditions=conditions)
    else:
        state = _retried_by_hand(state)
    return replace(
        _with_stage(execution, name, replace(state, attempt=state.attempt + 1, status="InProgress")),
        status="InProgress",
        summary="",
        seconds=None,
        attempt=event.get("attempt", execution.attempt + 1),
        ending="",
        abandoned=False,
        stop_reason=None,
        restarted_as=None,
        rolled_back_as=None,
        overridden=frozenset((name, kind) for kind in event.get("overridden", ())),
    )


def _retried(execution: Execution, event: Event) -> Execution:
    """A manual retry of failed actions while other actions of the stage still run."""
    return _with_stage(execution, event["stage"], _retried_by_hand(execution.stages.get(event["stage"], StageState())))


def _retried_by_hand(state: StageState) -> StageState:
    return replace(state, manual_retries=state.manual_retries + 1, latest_retry="ManualStageRetry")


def _finished(execution: Execution, event: Event) -> Execution:
    return replace(
        execution,
        status=cast("ExecutionStatus", event["status"]),
        summary=event.get("summary", ""),
        seconds=event.get("seconds"),
        restarted_as=event.get("restarted_as"),
        rolled_back_as=event.get("rolled_back_as"),
        waits_for=None,
    )


def _stage_started(execution: Execution, event: Event) -> Execution:
    state = execution.stages.get(event["stage"], StageState())
    entered = replace(execution, waits_for=None)
    return _with_stage(entered, event["stage"], replace(state, status="InProgress"))


def _stage_retried(execution: Execution, event: Event) -> Execution:
    state = execution.stages.get(event["stage"], StageState())
    retried = replace(
        state,
        attempt=event.get("attempt", state.attempt + 1),
        automatic_retries=state.automatic_retries + 1,
        latest_retry="AutomatedStageRetry",
    )
    return _with_stage(execution, event["stage"], retried)


def _stage_finished(execution: Execution, event: Event) -> Execution:
    state = execution.stages.get(event["stage"], StageState())
    return _with_stage(execution, event["stage"], replace(state, status=event["status"]))


def _condition_started(execution: Execution, event: Event) -> Execution:
    return _with_condition(execution, event, ConditionState("InProgress"))


def _condition_checked(execution: Execution, event: Event) -> Execution:
    return _with_condition(execution, event, ConditionState(event["status"], event.get("summary", "")))


def _condition_overridden(execution: Execution, event: Event) -> Execution:
    return replace(execution, overridden=execution.overridden | {(event["stage"], event["condition"])})


def _with_condition(execution: Execution, event: Event, condition: ConditionState) -> Execution:
    state = execution.stages.get(event["stage"], StageState())
    conditions = {**state.conditions, event["condition"]: condition}
    return _with_stage(execution, event["stage"], replace(state, conditions=conditions))


def _with_stage(execution: Execution, name: str, state: StageState) -> Execution:
    return replace(execution, stages={**execution.stages, name: state})


_HANDLERS: Mapping[str, Handler] = {
    "execution-started": _started,
    "execution-waiting": _waiting_for_stage,
    "execution-stopping": _stopping,
    "execution-ending": _ending,
    "execution-resumed": _resumed,
    "execution-retried": _retried,
    "execution-finished": _finished,
    "stage-started": _stage_started,
    "stage-retried": _stage_retried,
    "stage-finished": _stage_finished,
    "condition-started": _condition_started,
    "condition-checked": _condition_checked,
    "condition-overridden": _condition_overridden,
    **ATTEMPT_HANDLERS,
}
