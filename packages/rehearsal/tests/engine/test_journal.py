"""The journal: events that were written before a kill can be read after it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from rehearsal.engine.state import journal
from rehearsal.views.execution_view import replay
from tests.engine.conftest import Stage, action, at_first, declaration, eventually, fails, rule
from tests.root import PACKAGE

WRITER = """
import sys
from pathlib import Path
from rehearsal.engine.state.journal import Journal

journal = Journal(Path(sys.argv[1]))
journal.write("execution-started", execution="1", pipeline="p", stages=[{"name": "One", "actions": []}])
number = 0
while True:
    journal.write("stage-started", stage="One", number=number, ballast="x" * 100_000)
    number += 1
"""


def test_a_journal_is_readable_after_a_kill(tmp_path: Path) -> None:
    """A journal whose writer was killed with SIGKILL has whole events, in order and without a gap."""
    path = tmp_path / "journal.jsonl"
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], cwd=PACKAGE)
    eventually(lambda: path.exists() and path.stat().st_size > 3_000_000)
    process.send_signal(signal.SIGKILL)
    process.wait()
    first, *others = journal.read(path)
    assert first["type"] == "execution-started"
    assert [event["number"] for event in others] == list(range(len(others)))
    assert len(others) >= 29
    assert replay([first, *others]).status == "InProgress"


def test_a_resumed_journal_starts_a_new_line_after_a_torn_one(tmp_path: Path) -> None:
    """A resumed journal starts a new line after a torn one."""
    path = tmp_path / "journal.jsonl"
    path.write_text('{"v": 1, "type": "execution-sta')
    written = journal.Journal(path)
    written.write("execution-resumed")
    written.close()
    assert [event["type"] for event in journal.read(path)] == ["execution-resumed"]


def test_every_event_says_its_version_and_its_time(tmp_path: Path) -> None:
    """Every event has the journal's format version and a time."""
    written = journal.Journal(tmp_path / "journal.jsonl")
    written.write("weather-changed")
    written.close()
    (event,) = journal.read(tmp_path / "journal.jsonl")
    assert event["v"] == journal.VERSION
    assert isinstance(event["at"], float)


def test_a_retried_execution_goes_on_in_its_journal(stage: Stage) -> None:
    """A retried execution appends to its journal; the view shows the retry's success."""
    stage.played.parts["b"] = at_first(fails)
    execution = stage.run(declaration([action("source")], [action("b")]))
    assert replay(stage.events(execution)).status == "Failed"
    stage.retry(execution, "Two", "FAILED_ACTIONS")
    stage.wait()
    view = replay(stage.events(execution))
    assert (view.status, view.action("Two", "b").status) == ("Succeeded", "Succeeded")


def test_a_cut_off_last_line_is_ignored(tmp_path: Path) -> None:
    """A journal with a torn last line can be read up to the line before."""
    path = tmp_path / "journal.jsonl"
    written = journal.Journal(path)
    written.write("execution-started", execution="1", pipeline="p", stages=[])
    written.close()
    with path.open("a") as file:
        file.write('{"v": 1, "type": "execution-fin')
    assert [event["type"] for event in journal.read(path)] == ["execution-started"]


def test_unknown_events_change_nothing(tmp_path: Path) -> None:
    """A journal with unknown events and fields of a later version can be read."""
    path = tmp_path / "journal.jsonl"
    written: Any = journal.Journal(path)
    written.write("execution-started", execution="1", pipeline="p", stages=[], novelty=True)
    written.write("weather-changed", to="rain")
    written.close()
    view = replay(journal.read(path))
    assert (view.id, view.status) == ("1", "InProgress")


def test_a_follower_checks_at_intervals_that_the_writer_is_alive(tmp_path: Path) -> None:
    """A follower checks rarely whether the writer is alive, and ends if it is not."""
    path = tmp_path / "journal.jsonl"
    journal.Journal(path).close()
    alive = Mock(side_effect=[True, True, False])
    looks = list(journal.follow(path, alive, poll=0))
    assert looks == [None] * 2 * journal.ALIVE_CHECK_POLLS
    assert alive.call_count == 3


def test_a_follower_yields_what_the_writer_writes_before_it_ends(tmp_path: Path) -> None:
    """A follower yields the events that are written between its last read and the end of the writer."""
    path = tmp_path / "journal.jsonl"
    written = journal.Journal(path)

    def write_and_end() -> bool:
        written.write("execution-finished", status="Succeeded")
        return False

    events = [event for event in journal.follow(path, write_and_end, poll=0) if event]
    written.close()
    assert [event["type"] for event in events] == ["execution-finished"]


@pytest.mark.parametrize("skipped", range(12))
def test_a_journal_without_its_beginning_is_shown(stage: Stage, skipped: int) -> None:
    """A journal that lacks its first events can be shown, without an exception."""
    stage.played.parts |= {"check": at_first(fails), "b": at_first(fails)}
    definition = declaration([action("source")], [action("b")])
    definition["stages"][1]["beforeEntry"] = {"conditions": [{"result": "FAIL", "rules": [rule("check")]}]}
    execution = stage.run(definition)
    stage.override(execution, "Two", "beforeEntry")
    stage.wait()
    stage.retry(execution, "Two")
    stage.wait()
    assert replay(stage.events(execution)[skipped:]).status == execution.status == "Succeeded"
