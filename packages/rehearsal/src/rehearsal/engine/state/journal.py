"""The events of an execution or a pipeline as JSON lines: written by the engine, folded by every view.

Each line is an object with `v` (format version), `at` (seconds since 1970), `type`, and the fields of its type. Readers
ignore unknown types and fields, and an incomplete last line. fold.py defines the effect of each event. * marks fields
that version 1 does not have; without them an execution can only be shown. An artifact is an object with name, bucket,
key and, where they are known, version*, encrypted_with* and revision*.

- execution-started: execution, pipeline, pipeline_id*, account, region, version, number*, mode, trigger, restart_of,
  rollback_of, only, variables*, wanted*, token*, artifacts*, revisions* (of a rollback's target), and `stages` with
  their actions; execution-waiting*: stage; execution-stopping: abandon, reason; execution-ending*: ending, summary;
  execution-retried*: stage; execution-resumed: stage, retry_mode, attempt, condition*, overridden*;
  execution-finished: status (`Interrupted` if the engine was killed), summary, seconds, restarted_as, rolled_back_as.
  A retry may follow it.
- stage-started: stage, attempt; stage-retried: stage, attempt, failure; stage-finished: stage, status, seconds,
  failure.
- condition-started*, condition-overridden*: stage, condition; condition-checked: stage, condition, status, result,
  summary.
- action-... and rule-...: stage, action, attempt, provider, owner, region, and for -started: id*, run_order, log,
  resolved*, inputs; for -progress: text; for -waiting: token, text; for -answered*: approved, text;
  for -identified*: external_id; for -finished: status, summary, seconds, error_code, namespace*, variables, outputs,
  revision*, external_id, executed.
- In the journal of a pipeline: pipeline-created: id, account, region, declaration; pipeline-updated: declaration,
  restart; pipeline-deleted; transition-disabled: stage, reason, by; transition-enabled: stage.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Unpack, cast

from rehearsal.engine.state.disk_reserve import Reserve
from rehearsal.engine.state.events import Event, EventFields

log = logging.getLogger(__name__)

VERSION = 2
# The status of an execution whose engine was killed. Not one of CodePipeline's.
INTERRUPTED = "Interrupted"
# `follow` reads new lines twenty times a second, and checks once a second whether the writer is alive.
ALIVE_CHECK_POLLS = 20

# A progress event is recognized, without parsing JSON, by its type in the first characters of the line.
_HEAD, _PROGRESS = 80, '-progress", '


class Journal:
    """Appends the events of one execution or pipeline. Thread-safe.

    Keeps a reserve of 256 KB for a full disk. While the reserve is in use, progress events are dropped.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        self._reserve = Reserve(self._file.fileno())
        self._lock = threading.Lock()
        if is_torn(path):  # the writer was killed: end its incomplete line
            self._append(b"\n")

    def write(self, type_: str, /, **fields: Unpack[EventFields]) -> Event:
        """Append an event and return it. When this returns, the event is in the file, even if the process is killed.

        After `close` nothing is written.
        """
        event: Event = {"v": VERSION, "at": time.time(), "type": type_, **fields}
        with self._lock:
            if not self._file.closed:
                self._append(json.dumps(event).encode() + b"\n", needed=not type_.endswith("-progress"))
        return event

    def _append(self, line: bytes, *, needed: bool = True) -> None:
        """Write a line; log an error and continue where even the reserve is full."""
        try:
            self._reserve.extend(len(line))
            while line and (needed or not self._reserve.scarce):
                line = line[self._file.write(line) :]
        except OSError:
            log.exception("%s is not whole", self._file.name)

    def close(self) -> None:
        with self._lock:
            if not self._file.closed:
                self._reserve.give_back()
                self._file.close()


def is_torn(path: Path) -> bool:
    """Return whether the last line has no line end."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        return size > 0 and file.read(1) != b"\n"


def read(path: Path, *, progress: bool = True) -> list[Event]:
    """Return all complete events of a journal; empty where it does not exist. progress: include progress events."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    return list(_parse(lines if progress else (line for line in lines if _PROGRESS not in line[:_HEAD])))


def has_ended(events: Iterable[Event]) -> bool:
    """Return whether the execution has ended and was not resumed afterwards."""
    ends = [event["type"] for event in events if event["type"] in ("execution-finished", "execution-resumed")]
    return ends[-1:] == ["execution-finished"]


def follow(path: Path, alive: Callable[[], bool], poll: float = 0.05, end: int = 1) -> Iterator[Event | None]:
    """Yield every event, future ones included, until `execution-finished`; yield None whenever nothing is new.

    poll: seconds. end: the number of the `execution-finished` event to stop at; an execution that is retried has
    several. Ends early when `alive()` returns False, because the writer has ended.
    """
    while not path.exists():
        if not alive():
            return
        yield None
        time.sleep(poll)
    with path.open(encoding="utf-8") as file:
        rest, ends, quiet = "", 0, 0
        while True:
            chunk = file.read()
            if not chunk and quiet % ALIVE_CHECK_POLLS == 0 and not alive():
                chunk = file.read()  # the writer may have written between the last read and its end
                if not chunk:
                    return
            if not chunk:
                quiet += 1
                yield None
                time.sleep(poll)
                continue
            quiet = 0
            *lines, rest = (rest + chunk).split("\n")
            for event in _parse(lines):
                yield event
                ends += event["type"] == "execution-finished"
                if ends == end:
                    return


def _parse(lines: Iterable[str]) -> Iterator[Event]:
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "type" in event:
            yield cast("Event", event)
