"""The journals of an engine's executions, read again only after they changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rehearsal.engine.model.definition import Pipeline
from rehearsal.engine.state import journal
from rehearsal.engine.state.events import Event
from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.fold import fold_all
from rehearsal.views.execution_view import ExecutionView, replay

# Small files are created and deleted in memory, which takes a tenth of the time.
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None


@dataclass
class ReadJournal:
    """The content of a journal, and the events in it."""

    content: bytes
    events: list[Event]
    _state: Execution | None = None

    def state(self, pipeline: Pipeline) -> Execution:
        """Return the state of the execution, which started with this definition."""
        if self._state is None or self._state.pipeline is not pipeline:
            self._state = fold_all(self.events, pipeline)
        return self._state

    @cached_property
    def view(self) -> ExecutionView:
        return replay(self.events)


class Journals:
    """The journals in a folder, by the ids of their executions."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, ReadJournal] = {}

    def path(self, id_: str) -> Path:
        return self._folder / id_ / "journal.jsonl"

    def read(self, id_: str) -> ReadJournal:
        """Return a journal as it is now."""
        content, last = self.path(id_).read_bytes(), self._read.get(id_)
        if last is None or last.content != content:
            last = self._read[id_] = ReadJournal(content, journal.read(self.path(id_)))
        return last

    def all(self) -> list[Path]:
        return sorted(self._folder.glob("*/journal.jsonl"))
