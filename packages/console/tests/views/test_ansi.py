"""Conversion of ANSI escape sequences to styled text."""

from __future__ import annotations

import pytest

from pipeline_console.views.ansi import Piece, pieces, plain


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain", [("plain", "")]),
        ("\x1b[31mred\x1b[0m black", [("red", "fg1"), (" black", "")]),
        ("\x1b[1;32mok\x1b[22m still\x1b[39m none", [("ok", "bold fg2"), (" still", "fg2"), (" none", "")]),
        ("\x1b[91mbright\x1b[m", [("bright", "fg9")]),
        ("\x1b[38;5;200mno such color\x1b[0m", [("no such color", "")]),
        ("10%\r50%\r100%", [("100%", "")]),
        ("whole\r", [("whole", "")]),
        ("\x1b[2K\x1b[1Gmoved\x1b]0;title\x07", [("moved", "")]),
        ("tab\tkept\x00", [("tab\tkept", "")]),
        ("<script>\x1b[31m&", [("<script>", ""), ("&", "fg1")]),
        ("", []),
    ],
)
def test_pieces_have_the_classes_of_their_colors(line: str, shown: list[Piece]) -> None:
    """Colors become classes, cursor sequences are dropped, and text after a carriage return replaces the line."""
    assert pieces(line) == shown


def test_a_plain_line_has_no_escape_sequence() -> None:
    """A plain line, for search and copies, has no escape sequence."""
    assert plain("\x1b[1mbold\x1b[0m text") == "bold text"
