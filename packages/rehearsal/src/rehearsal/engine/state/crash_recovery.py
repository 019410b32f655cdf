"""Ends executions whose engine was killed; without a last event, followers would wait for ever."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import cast

from rehearsal.engine.state import journal
from rehearsal.engine.state.events import Event, EventFields
from rehearsal.engine.state.journal import INTERRUPTED, Journal

SUMMARY = "the embedded AWS ended while it ran"
# The event that starts an attempt, a condition or a stage -> the event that ends it.
_ENDS = {
    "action-started": "action-finished",
    "rule-started": "rule-finished",
    "condition-started": "condition-checked",
    "stage-started": "stage-finished",
}
_REPEATED_FIELDS = ("stage", "condition", "action", "attempt", "provider", "owner", "region")


def end_interrupted_executions(executions: Path) -> None:
    """Write the last event of every execution that has none. For the start of an engine, before it runs anything.

    An execution without any event never began: its folder is removed.
    """
    for path in executions.glob("*/journal.jsonl"):
        events = journal.read(path, progress=False)
        if not events:
            shutil.rmtree(path.parent)
        elif not journal.has_ended(events):
            _end(path, events)


def _end(path: Path, events: list[Event]) -> None:
    """Write the end of the execution, its actions, conditions and stage; durations end at the last event."""
    first, last = events[0]["at"], events[-1]["at"]
    written = Journal(path)
    for start, end in _ENDS.items():
        for began in _unfinished_events(events, start, end):
            fields = {name: value for name, value in began.items() if name in _REPEATED_FIELDS}
            ended = cast("EventFields", fields)
            ended["status"] = "Stopped" if end == "stage-finished" else "Abandoned"
            ended["summary"], ended["seconds"] = SUMMARY, last - began["at"]
            written.write(end, **ended)
    written.write("execution-finished", status=INTERRUPTED, summary=SUMMARY, seconds=last - first)
    written.close()


def _unfinished_events(events: list[Event], start: str, end: str) -> list[Event]:
    """Return the events of the type `start` without a later one of the type `end`."""
    begun: dict[tuple[str, str | None], Event] = {}
    for event in events:
        which = (event.get("stage", ""), event.get("action") or event.get("condition"))
        if event["type"] == start:
            begun[which] = event
        elif event["type"] == end:
            begun.pop(which, None)
    return list(begun.values())
