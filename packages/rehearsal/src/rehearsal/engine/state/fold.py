"""The fold of journal events into the state of an execution; the only code that interprets them.

The engine folds each event that it writes. At its start, and in every view, the same events are folded again.
Journals of version 1 have fewer fields: their executions can be shown, but not retried or rolled back to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from rehearsal.engine.action_api import Outcome, Revision
from rehearsal.engine.model.definition import NO_PIPELINE, Pipeline, PipelineKey
from rehearsal.engine.state.artifact_events import artifacts
from rehearsal.engine.state.events import Event
from rehearsal.engine.state.execution import (
    ActionState,
    AttemptKey,
    ConditionState,
    Execution,
    ExecutionStatus,
    Origin,
    StageState,
)

Handler = Callable[[Execution, Event], Execution]


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
    """A manual retry, or the override of `condition`. overridden: the kinds of conditions not to check again."""
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


def _action_started(execution: Execution, event: Event) -> Execution:
    key = _key(event)
    is_rule, stage, name, attempt = key
    state = ActionState(
        stage=stage,
        name=name,
        provider=event.get("provider", ""),
        is_rule=is_rule,
        attempt=attempt,
        id=event.get("id", ""),
        started=event["at"],
        log=event.get("log", ""),
        resolved=event.get("resolved", {}),
        inputs=artifacts(event.get("inputs", ())),
    )
    return replace(execution, attempts={**execution.attempts, key: state})


def _action_progress(execution: Execution, event: Event) -> Execution:
    return _with_attempt(execution, event, progress=event["text"])


def _action_waiting(execution: Execution, event: Event) -> Execution:
    return _with_attempt(execution, event, token=event["token"], progress="waits for an approval")


def _action_identified(execution: Execution, event: Event) -> Execution:
    return _with_attempt(execution, event, external_id=event["external_id"])


def _action_finished(execution: Execution, event: Event) -> Execution:
    """Add the action's artifacts, variables and revision to the execution, unless it failed."""
    outcome = _outcome(event)
    identified = {"external_id": outcome.external_id} if outcome.external_id else {}
    ended = _with_attempt(
        execution,
        event,
        status=event["status"],
        summary=event.get("summary", ""),
        error_code=event.get("error_code"),
        seconds=event.get("seconds"),
        ended=event["at"],
        token=None,
        outcome=outcome,
        **identified,
    )
    if outcome.failed:
        return ended
    variables = dict(ended.variables)
    if (namespace := event.get("namespace")) and outcome.variables:
        variables[namespace] = outcome.variables
    revisions = ended.revisions
    if outcome.revision:
        others = (revision for revision in revisions if revision.action != outcome.revision.action)
        revisions = (*others, outcome.revision)
    return replace(ended, artifacts={**ended.artifacts, **outcome.outputs}, variables=variables, revisions=revisions)


def _outcome(event: Event) -> Outcome:
    revision = event.get("revision")
    return Outcome(
        failed=event["status"] != "Succeeded",
        summary=event.get("summary", ""),
        variables=cast("Mapping[str, str]", event.get("variables", {})),
        outputs=artifacts(event.get("outputs", ())),
        revision=Revision(**revision) if revision else None,
        external_id=event.get("external_id", ""),
        executed=event.get("executed", True),
    )


def _with_attempt(execution: Execution, event: Event, **changes: Any) -> Execution:
    """Change the state of an attempt; events of an attempt without a `-started` event are ignored."""
    key = _key(event)
    state = execution.attempts.get(key)
    if state is None:
        return execution
    return replace(execution, attempts={**execution.attempts, key: replace(state, **changes)})


def _key(event: Event) -> AttemptKey:
    return event["type"].startswith("rule-"), event["stage"], event["action"], event.get("attempt", 1)


_ATTEMPTS: Mapping[str, Handler] = {
    "started": _action_started,
    "progress": _action_progress,
    "waiting": _action_waiting,
    "identified": _action_identified,
    "finished": _action_finished,
}
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
    **{f"{kind}-{name}": handler for kind in ("action", "rule") for name, handler in _ATTEMPTS.items()},
}
