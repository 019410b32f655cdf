"""The events of one attempt of an action, or of a condition's rule: how each changes the state of the execution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from rehearsal.engine.action_api import Outcome, Revision
from rehearsal.engine.state.artifact_events import artifacts
from rehearsal.engine.state.events import Event
from rehearsal.engine.state.execution import ActionState, AttemptKey, Execution

Handler = Callable[[Execution, Event], Execution]


def _started(execution: Execution, event: Event) -> Execution:
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


def _progress(execution: Execution, event: Event) -> Execution:
    return _with_attempt(execution, event, progress=event["text"])


def _waiting(execution: Execution, event: Event) -> Execution:
    return _with_attempt(execution, event, token=event["token"], progress="waits for an approval")


def _identified(execution: Execution, event: Event) -> Execution:
    return _with_attempt(execution, event, external_id=event["external_id"])


def _finished(execution: Execution, event: Event) -> Execution:
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


# Type of event -> its handler.
ATTEMPT_HANDLERS: Mapping[str, Handler] = {
    f"{kind}-{name}": handler
    for kind in ("action", "rule")
    for name, handler in {
        "started": _started,
        "progress": _progress,
        "waiting": _waiting,
        "identified": _identified,
        "finished": _finished,
    }.items()
}
