"""CodePipeline's events for EventBridge, derived from events of the journal.

Source: AWS CodePipeline user guide, "Monitoring CodePipeline events".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rehearsal.engine.state.events import ArtifactRecord, Event
from rehearsal.engine.state.execution import Execution
from rehearsal.json_values import JsonObject

_STATES = {
    "Succeeded": "SUCCEEDED",
    "Failed": "FAILED",
    "Cancelled": "CANCELED",
    "Stopped": "STOPPED",
    "Superseded": "SUPERSEDED",
    "Abandoned": "ABANDONED",
}


class StateChange(NamedTuple):
    """A change of state. level: Pipeline, Stage or Action. detail: the members of the event that only it has."""

    level: str
    state: str
    detail: JsonObject


def pipeline_event(execution: Execution, event: Event) -> Mapping[str, object] | None:
    """Return an event of the journal as EventBridge delivers it; None for events that CodePipeline does not send."""
    change = _state_change(execution, event)
    if change is None:
        return None
    return {
        "source": "aws.codepipeline",
        "detail-type": f"CodePipeline {change.level} Execution State Change",
        "resources": [execution.key.arn],
        "detail": {
            "pipeline": execution.key.name,
            "execution-id": execution.id,
            "start-time": _iso(event["at"] if change.state == "STARTED" else execution.started),
            **change.detail,
            "state": change.state,
            "version": float(execution.version),
            "pipeline-execution-attempt": float(execution.attempt),
        },
    }


def _state_change(execution: Execution, event: Event) -> StateChange | None:
    kind = event["type"]
    match kind.partition("-")[0]:
        case "execution":
            return _pipeline(execution, event, kind)
        case "stage":
            return _stage(event, kind)
        case "action":
            return _action(event, kind)
    return None


def _pipeline(execution: Execution, event: Event, kind: str) -> StateChange | None:
    states = {"execution-started": "STARTED", "execution-resumed": "RESUMED", "execution-stopping": "STOPPING"}
    state = states.get(kind) or _STATES.get(event.get("status", ""))
    if state is None:
        return None
    trigger = execution.origin.trigger
    detail: JsonObject = {
        "execution-trigger": {
            "trigger-type": trigger.get("triggerType", ""),
            "trigger-detail": trigger.get("triggerDetail", ""),
        }
    }
    if state in ("STOPPING", "STOPPED") and execution.stop_reason:
        detail["stop-execution-comments"] = execution.stop_reason
    return StateChange("Pipeline", state, detail)


def _stage(event: Event, kind: str) -> StateChange | None:
    if kind == "stage-started":
        state: str | None = "STARTED" if event["attempt"] == 1 else "RESUMED"
    elif kind == "stage-retried":
        state = "RESUMED"
    else:
        state = _STATES.get(event["status"])
    return StateChange("Stage", state, {"stage": event["stage"]}) if state else None


def _action(event: Event, kind: str) -> StateChange | None:
    if kind not in ("action-started", "action-finished"):
        return None
    state = "STARTED" if kind == "action-started" else _STATES[event["status"]]
    category, _, provider = event["provider"].partition("/")
    detail: JsonObject = {
        "stage": event["stage"],
        "action": event["action"],
        "region": event["region"],
        "type": {"owner": event["owner"], "provider": provider, "category": category, "version": "1"},
        "action-execution-attempt": float(event["attempt"]),
    }
    if kind == "action-started":
        detail["input-artifacts"] = _artifacts(event["inputs"])
        return StateChange("Action", state, detail)
    result = {"external-execution-summary": event["summary"], "external-execution-id": event["external_id"]}
    if event["error_code"]:
        result["error-code"] = event["error_code"]
    detail["execution-result"] = {name: value for name, value in result.items() if value}
    detail["output-artifacts"] = _artifacts(event["outputs"])
    return StateChange("Action", state, detail)


def _artifacts(records: Iterable[ArtifactRecord]) -> list[JsonObject]:
    return [
        {"name": record["name"], "s3location": {"bucket": record["bucket"], "key": record["key"]}} for record in records
    ]


def _iso(seconds: float) -> str:
    moment = dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
