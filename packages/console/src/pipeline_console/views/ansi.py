"""ANSI escape sequences of a log line, as pieces of text with classes.

Source: ECMA-48, "Control functions for coded character sets", 8.3.117 SGR: Select Graphic Rendition.
"""

from __future__ import annotations

import re

Piece = tuple[str, str]

_SGR = re.compile(r"\x1b\[([\d;]*)m")
# Other sequences move a cursor or set a title; on a page they mean nothing.
_OTHER = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])|[\x00-\x08\x0b-\x1f\x7f]")
_STYLES = {"1": "bold", "2": "dim", "3": "italic", "4": "underline"}
_OFF = {"22": ("bold", "dim"), "23": ("italic",), "24": ("underline",)}
_COLORS = {str(code): f"fg{code % 10 + (8 if code >= 90 else 0)}" for code in (*range(30, 38), *range(90, 98))}


def pieces(line: str) -> list[Piece]:
    """Return the texts of a line, each with its classes. After a carriage return, the last text is shown."""
    line = line.rstrip("\r").rpartition("\r")[2] if "\r" in line else line
    texts: list[Piece] = []
    active: dict[str, None] = {}
    position = 0
    for match in _SGR.finditer(line):
        _add(texts, line[position : match.start()], active)
        _apply(active, match[1])
        position = match.end()
    _add(texts, line[position:], active)
    return texts


def plain(line: str) -> str:
    """Return a line without its escape sequences."""
    return "".join(text for text, _ in pieces(line))


def _add(texts: list[Piece], text: str, active: dict[str, None]) -> None:
    if text := _OTHER.sub("", text):
        texts.append((text, " ".join(active)))


def _apply(active: dict[str, None], codes: str) -> None:
    for code in (codes or "0").split(";"):
        if code in ("", "0"):
            active.clear()
        elif code in _STYLES:
            active[_STYLES[code]] = None
        elif code in _COLORS or code == "39":
            for color in [name for name in active if name.startswith("fg")]:
                del active[color]
            if code in _COLORS:
                active[_COLORS[code]] = None
        for name in _OFF.get(code, ()):
            active.pop(name, None)
