"""The journal: what was written before a kill can be read after it."""

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
    """kill -9 while events are written: what is read is whole, in order, and without a gap."""
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


def test_what_is_written_after_a_kill_is_not_lost_with_the_torn_line(tmp_path: Path) -> None:
    """A journal that is taken up again starts a line of its own."""
    path = tmp_path / "journal.jsonl"
    path.write_text('{"v": 1, "type": "execution-sta')
    written = journal.Journal(path)
    written.write("execution-resumed")
    written.close()
    assert [event["type"] for event in journal.read(path)] == ["execution-resumed"]


def test_every_event_says_its_version_and_its_time(tmp_path: Path) -> None:
    """So that a later reader knows what it reads."""
    written = journal.Journal(tmp_path / "journal.jsonl")
    written.write("weather-changed")
    written.close()
    (event,) = journal.read(tmp_path / "journal.jsonl")
    assert event["v"] == journal.VERSION
    assert isinstance(event["at"], float)


def test_a_retried_execution_goes_on_in_its_journal(stage: Stage) -> None:
    """The view of one journal shows the first failure no more, once the retry has succeeded."""
    stage.played.parts["b"] = at_first(fails)
    execution = stage.run(declaration([action("source")], [action("b")]))
    assert replay(stage.events(execution)).status == "Failed"
    stage.retry(execution, "Two", "FAILED_ACTIONS")
    stage.wait()
    view = replay(stage.events(execution))
    assert (view.status, view.action("Two", "b").status) == ("Succeeded", "Succeeded")


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
    written: Any = journal.Journal(path)
    written.write("execution-started", execution="1", pipeline="p", stages=[], novelty=True)
    written.write("weather-changed", to="rain")
    written.close()
    view = replay(journal.read(path))
    assert (view.id, view.status) == ("1", "InProgress")


def test_a_follower_asks_now_and_then_whether_somebody_writes(tmp_path: Path) -> None:
    """It looks for news far more often, and each answer takes reading files; where nobody writes, it ends."""
    path = tmp_path / "journal.jsonl"
    journal.Journal(path).close()
    alive = Mock(side_effect=[True, True, False])
    looks = list(journal.follow(path, alive, poll=0))
    assert looks == [None] * 2 * journal.ALIVE_CHECK_POLLS
    assert alive.call_count == 3


@pytest.mark.parametrize("skipped", range(12))
def test_a_journal_without_its_beginning_is_shown(stage: Stage, skipped: int) -> None:
    """Whatever is missing at its head: `history` shows the others, and no traceback."""
    stage.played.parts |= {"check": at_first(fails), "b": at_first(fails)}
    definition = declaration([action("source")], [action("b")])
    definition["stages"][1]["beforeEntry"] = {"conditions": [{"result": "FAIL", "rules": [rule("check")]}]}
    execution = stage.run(definition)
    stage.override(execution, "Two", "beforeEntry")
    stage.wait()
    stage.retry(execution, "Two")
    stage.wait()
    assert replay(stage.events(execution)[skipped:]).status == execution.status == "Succeeded"
