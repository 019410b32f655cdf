"""The events of an execution or a pipeline as JSON lines: written by the engine, folded by every view.

Each line is an object with `v` (format version), `at` (seconds since 1970), `type`, and the type's own fields. A reader
ignores types and fields that it does not know, and a last line that a kill cut off. fold.py says what each one changes.
Fields that version 1 did not have, because of which its executions can only be shown, are marked with *. An artifact is
an object with name, bucket, key and, where they are known, version*, encrypted_with* and revision*.

- execution-started: execution, pipeline, pipeline_id*, account, region, version, number*, mode, trigger, restart_of,
  rollback_of, only, variables*, wanted*, token*, artifacts*, revisions* (of a rollback's target), and `stages` with
  their actions; execution-waiting*: stage; execution-stopping: abandon, reason; execution-ending*: ending, summary;
  execution-retried*: stage; execution-resumed: stage, retry_mode, attempt, condition*, overridden*;
  execution-finished: status (of one whose engine was killed, `Interrupted`), summary, seconds, restarted_as,
  rolled_back_as. After it, a retry may follow.
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
from typing import Any

from rehearsal.engine.state.disk_reserve import Reserve

log = logging.getLogger(__name__)

VERSION = 2
# The status of an execution whose engine was killed. Not one of CodePipeline's.
INTERRUPTED = "Interrupted"
# A follower looks for new lines twenty times a second, and once a second whether the writer is alive.
ALIVE_CHECK_POLLS = 20

# The type is near the beginning of a line.
_HEAD, _PROGRESS = 80, '-progress", '

Event = dict[str, Any]


class Journal:
    """The events of one execution or pipeline; safe to write from many threads.

    On a full disk it lives on the room that it has put aside, and leaves out what only says how far an action is.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        self._reserve = Reserve(self._file.fileno())
        self._lock = threading.Lock()
        if is_torn(path):  # by a kill; what comes now must not become part of that line
            self._append(b"\n")

    def write(self, type_: str, /, **fields: Any) -> Event:
        """Append one event, and return it; it is in the file when this returns, whatever happens to the process.

        After `close` nothing is written.
        """
        event = {"v": VERSION, "at": time.time(), "type": type_, **fields}
        with self._lock:
            if not self._file.closed:
                self._append(json.dumps(event).encode() + b"\n", needed=not type_.endswith("-progress"))
        return event

    def _append(self, line: bytes, *, needed: bool = True) -> None:
        """Lines that do not fit even so are lost, and the execution goes on."""
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
    """Whether the last line has no end."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        return size > 0 and file.read(1) != b"\n"


def read(path: Path, *, progress: bool = True) -> list[Event]:
    """Return all whole events of a journal, empty where there is none. progress: False leaves out its reports."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    return list(_parse(lines if progress else (line for line in lines if _PROGRESS not in line[:_HEAD])))


def has_ended(events: Iterable[Event]) -> bool:
    """Whether the execution has come to its end, and was not taken up again since."""
    ends = [each["type"] for each in events if each["type"] in ("execution-finished", "execution-resumed")]
    return ends[-1:] == ["execution-finished"]


def follow(path: Path, alive: Callable[[], bool], poll: float = 0.05, ending: int = 1) -> Iterator[Event | None]:
    """Every event, those to come included, until one of type `execution-finished`; None whenever nothing is new.

    ending: which event of that type is the last, since an execution that is retried ends once more. Ends early when
    `alive()` says that the writer has ended.
    """
    while not path.exists():
        if not alive():
            return
        yield None
        time.sleep(poll)
    with path.open(encoding="utf-8") as file:
        rest, ended, quiet = "", 0, 0
        while True:
            chunk = file.read()
            if not chunk:
                if quiet % ALIVE_CHECK_POLLS == 0 and not alive():
                    return
                quiet += 1
                yield None
                time.sleep(poll)
                continue
            quiet = 0
            *lines, rest = (rest + chunk).split("\n")
            for event in _parse(lines):
                yield event
                ended += event["type"] == "execution-finished"
                if ended == ending:
                    return


def _parse(lines: Iterable[str]) -> Iterator[Event]:
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "type" in event:
            yield event
