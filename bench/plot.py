"""Bars in an SVG: processor seconds of each builder in each situation, on a logarithmic scale.

The clock depends on what else the machine does; the table has both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_COLOURS = ("#0b6e4f", "#c8553d", "#588b8b", "#ffb30f", "#5c4d7d", "#8c8c8c")
_IN_A_ROW = 4
_TITLES = {
    "cold": "cold",
    "downloads": "downloads only",
    "warm": "warm",
    "one_changed": "one package changed",
    "nothing_changed": "nothing changed",
}
_LEFT, _WIDTH, _BAR, _GAP, _TOP = 170, 560, 14, 22, 76
_LEAST, _MOST = 0.01, 100.0


def svg(title: str, figures: Mapping[str, Any]) -> str:
    """Return the plot of one slice, of the builders as they are; those that were skipped are left out."""
    shown = {
        name: builder_figures
        for name, builder_figures in figures.items()
        if "skipped" not in builder_figures and not builder_figures.get("complete")
    }
    height = _TOP + len(_TITLES) * (len(shown) * _BAR + _GAP) + 40
    size = f'width="{_LEFT + _WIDTH + 60}" height="{height}"'
    body = [*_legend(title, shown), *_scale(height), *_bars(shown)]
    style = "<style>text{font:12px sans-serif;fill:#222}.small{font-size:10px}.grid{stroke:#ddd}</style>"
    background = '<rect width="100%" height="100%" fill="#fff"/>'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', style, background, *body, "</svg>", ""])


def _legend(title: str, figures: Mapping[str, Any]) -> Iterator[str]:
    yield f'<text x="10" y="20" font-weight="bold">{escape(title)}</text>'
    for index, (name, colour) in enumerate(zip(figures, _COLOURS, strict=False)):
        x, y = 10 + index % _IN_A_ROW * 190, 32 + index // _IN_A_ROW * 16
        yield f'<rect x="{x}" y="{y}" width="10" height="10" fill="{colour}"/>'
        yield f'<text x="{x + 14}" y="{y + 9}" class="small">{escape(name)}</text>'


def _scale(height: int) -> Iterator[str]:
    for power in range(int(math.log10(_LEAST)), int(math.log10(_MOST)) + 1):
        x = _x(10**power)
        yield f'<line class="grid" x1="{x:.0f}" y1="{_TOP - 6}" x2="{x:.0f}" y2="{height - 30}"/>'
        yield f'<text x="{x:.0f}" y="{height - 16}" class="small" text-anchor="middle">{10**power:g} s</text>'


def _bars(figures: Mapping[str, Any]) -> Iterator[str]:
    y = _TOP
    for situation, text in _TITLES.items():
        yield f'<text x="{_LEFT - 8}" y="{y + len(figures) * _BAR / 2 + 4:.0f}" text-anchor="end">{text}</text>'
        for builder_figures, colour in zip(figures.values(), _COLOURS, strict=False):
            seconds = builder_figures["processor_seconds"][situation]
            end = _x(seconds)
            yield f'<rect x="{_LEFT}" y="{y}" width="{end - _LEFT:.1f}" height="{_BAR - 2}" fill="{colour}"/>'
            yield f'<text x="{end + 4:.1f}" y="{y + 10}" class="small">{seconds:.2f}</text>'
            y += _BAR
        y += _GAP


def _x(seconds: float) -> float:
    share = (math.log10(max(seconds, _LEAST)) - math.log10(_LEAST)) / (math.log10(_MOST) - math.log10(_LEAST))
    return _LEFT + max(share, 0.002) * _WIDTH
