"""The end of executions whose engine was killed: nothing else would write it, and followers would wait for it."""

from __future__ import annotations

import shutil
from pathlib import Path

from rehearsal.engine.state import journal
from rehearsal.engine.state.journal import INTERRUPTED, Event, Journal

SUMMARY = "the embedded AWS ended while it ran"
_WHOSE = ("stage", "action", "attempt", "provider", "owner", "region")


def end_interrupted_executions(executions: Path) -> None:
    """Write the end of every execution that has none; for an engine that starts, and runs nothing yet.

    One that was killed before its first event never began.
    """
    for path in executions.glob("*/journal.jsonl"):
        events = journal.read(path, progress=False)
        if not events:
            shutil.rmtree(path.parent)
        elif not journal.has_ended(events):
            _end(path, events)


def _end(path: Path, events: list[Event]) -> None:
    """It ended when it was last heard of, and so did the actions and the stage that it was in."""
    first, last = events[0]["at"], events[-1]["at"]
    written = Journal(path)
    for kind in ("action", "rule", "stage"):
        for began in _unfinished_events(events, kind):
            about = {name: began[name] for name in _WHOSE if name in began}
            status = "Stopped" if kind == "stage" else "Abandoned"
            written.write(f"{kind}-finished", status=status, summary=SUMMARY, seconds=last - began["at"], **about)
    written.write("execution-finished", status=INTERRUPTED, summary=SUMMARY, seconds=last - first)
    written.close()


def _unfinished_events(events: list[Event], kind: str) -> list[Event]:
    """Return the first events of all that has begun and not finished."""
    begun: dict[tuple[str, str | None], Event] = {}
    for event in events:
        which = (event.get("stage", ""), event.get("action"))
        if event["type"] == f"{kind}-started":
            begun[which] = event
        elif event["type"] == f"{kind}-finished":
            begun.pop(which, None)
    return list(begun.values())
