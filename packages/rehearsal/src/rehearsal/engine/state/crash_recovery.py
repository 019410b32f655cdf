"""Ends executions whose engine was killed; without a last event, followers would wait for ever."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import cast

from rehearsal.engine.state import journal
from rehearsal.engine.state.events import Event, EventFields
from rehearsal.engine.state.journal import INTERRUPTED, Journal

SUMMARY = "the embedded AWS ended while it ran"
_ATTEMPT_FIELDS = ("stage", "action", "attempt", "provider", "owner", "region")


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
    """Write the end of the execution, its actions and its stage. Durations last until the journal's last event."""
    first, last = events[0]["at"], events[-1]["at"]
    written = Journal(path)
    for kind in ("action", "rule", "stage"):
        for began in _unfinished_events(events, kind):
            fields = {name: value for name, value in began.items() if name in _ATTEMPT_FIELDS}
            ended = cast("EventFields", fields)
            ended["status"] = "Stopped" if kind == "stage" else "Abandoned"
            ended["summary"], ended["seconds"] = SUMMARY, last - began["at"]
            written.write(f"{kind}-finished", **ended)
    written.write("execution-finished", status=INTERRUPTED, summary=SUMMARY, seconds=last - first)
    written.close()


def _unfinished_events(events: list[Event], kind: str) -> list[Event]:
    """Return the `-started` events of a kind that have no `-finished` event."""
    begun: dict[tuple[str, str | None], Event] = {}
    for event in events:
        which = (event.get("stage", ""), event.get("action"))
        if event["type"] == f"{kind}-started":
            begun[which] = event
        elif event["type"] == f"{kind}-finished":
            begun.pop(which, None)
    return list(begun.values())
