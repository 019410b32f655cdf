"""The width of tables and lines without a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from rehearsal.views.execution_view import ActionView, ExecutionView, StageView
from rehearsal.views.terminal import PLAIN_WIDTH, rows, terminal


@pytest.mark.parametrize("kind", ["dumb", "xterm-256color", ""])
def test_output_to_a_file_is_wide(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal, such as in CI, lines are not cut to 80 columns, whatever TERM is."""
    monkeypatch.setenv("TERM", kind)
    monkeypatch.delenv("COLUMNS", raising=False)
    assert terminal().width == PLAIN_WIDTH


def test_columns_are_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS sets the width."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "90")
    assert terminal().width == 90


def printed(*, live: bool) -> str:
    """Return a table of one action whose texts are longer than the console is wide."""
    action = ActionView("S" * 100, "A" * 100, "Build/CodeBuild", "Failed", summary="why " * 60)
    text = io.StringIO()
    Console(file=text, width=PLAIN_WIDTH).print(rows(ExecutionView(stages=[StageView("S" * 100, [action])]), live=live))
    return text.getvalue()


def test_a_printed_table_has_every_text_whole() -> None:
    """Long texts of a printed table are wrapped and not cut."""
    text = printed(live=False)
    assert (text.count("A"), text.count("S"), text.count("why")) == (101, 104, 60)  # with the heads of the columns
    assert "…" not in text


def test_a_table_that_is_updated_in_place_has_a_line_for_each_action() -> None:
    """A live table has one line for each action, so that it fits on the terminal."""
    assert len([line for line in printed(live=True).splitlines() if "AAA" in line]) == 1
