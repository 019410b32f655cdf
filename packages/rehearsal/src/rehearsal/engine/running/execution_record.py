"""The state of one execution and its journal."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from rehearsal.engine.running.context import Context
from rehearsal.engine.state.events import Event, EventFields
from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.fold import fold
from rehearsal.engine.state.journal import Journal


class ExecutionRecord:
    """Appends events to the journal of an execution, and folds them into its state."""

    def __init__(self, context: Context, state: Execution) -> None:
        self.state = state
        self._context = context
        self._journal: Journal | None = None

    @property
    def folder(self) -> Path:
        return self._context.env.executions / self.state.id

    @property
    def has_journal(self) -> bool:
        """Whether its files exist; `clean` may have removed them."""
        return (self.folder / "journal.jsonl").exists()

    def write(self, type_: str, /, **fields: Unpack[EventFields]) -> Event:
        """Append an event to the journal, fold it into the state, and queue both for publication."""
        if self._journal is None:
            self._journal = Journal(self.folder / "journal.jsonl")
        event = self._journal.write(type_, **fields)
        self.state = fold(self.state, event)
        self._context.board.put_execution(self.state.id, self.state)
        self._context.notifier.add(self.state, event)
        return event

    def close(self) -> None:
        """Close the journal; a later event opens it again."""
        if self._journal:
            self._journal.close()
            self._journal = None
