"""The journal: what was written before a kill can be read after it."""

from __future__ import annotations

from pathlib import Path

from rehearsal.engine import journal
from rehearsal.views.state import replay


def test_a_cut_off_last_line_is_ignored(tmp_path: Path) -> None:
    """A writer that was killed in the middle of a line leaves a journal that reads up to the line before."""
    path = tmp_path / "journal.jsonl"
    written = journal.Journal(path)
    written.write("execution-started", execution="1", pipeline="p", stages=[])
    written.close()
    with path.open("a") as file:
        file.write('{"v": 1, "type": "execution-fin')
    assert [event["type"] for event in journal.read(path)] == ["execution-started"]


def test_unknown_events_change_nothing(tmp_path: Path) -> None:
    """A journal of a later version is read as far as it is understood."""
    path = tmp_path / "journal.jsonl"
    written = journal.Journal(path)
    written.write("execution-started", execution="1", pipeline="p", stages=[], novelty=True)
    written.write("weather-changed", to="rain")
    written.close()
    view = replay(journal.read(path))
    assert (view.id, view.status) == ("1", "InProgress")
