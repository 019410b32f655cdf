"""The width of tables and lines without a terminal."""

from __future__ import annotations

import pytest

from rehearsal.views.terminal import PLAIN_WIDTH, terminal


@pytest.mark.parametrize("kind", ["dumb", "xterm-256color", ""])
def test_what_is_no_terminal_is_wide(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of CI is not cut to 80 columns, whatever TERM says."""
    monkeypatch.setenv("TERM", kind)
    monkeypatch.delenv("COLUMNS", raising=False)
    assert terminal().width == PLAIN_WIDTH


def test_columns_are_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS sets the width."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "90")
    assert terminal().width == 90
