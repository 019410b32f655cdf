"""A pipeline's stages and actions as a self-contained SVG picture, without scripts, fonts or network access."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from rehearsal.engine.model.definition import Action, Pipeline, Stage
from rehearsal.engine.model.run_order import group_by_run_order
from rehearsal.views.graph import APPROVAL

MARGIN, GAP, LINE = 16, 12, 18
HEIGHT, HEAD = 48, 26
# An action is as wide as the longest text of one.
CHARACTER, NARROWEST = 7, 210
STYLE = (
    "text{font:13px sans-serif;fill:#222}.small{font-size:11px;fill:#666}.name{font-weight:bold}"
    ".stage{fill:#f4f5f7;stroke:#c4c9d1}.action{fill:#fff;stroke:#5b7db1}.approval{fill:#fff6e0;stroke:#c98a1b}"
    "path{stroke:#5b7db1;fill:none;marker-end:url(#arrow)}"
)

ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0L8 4L0 8z" style="fill:#5b7db1;stroke:none;marker-end:none"/></marker></defs>'
)


def svg(pipeline: Pipeline) -> str:
    """Return an SVG picture: a row per stage from top to bottom, and in it a column per run order."""
    shapes: list[str] = []
    top, width, column_width = MARGIN + LINE + GAP, 0, _column_width(pipeline)
    for number, stage in enumerate(pipeline.stages):
        columns = group_by_run_order(stage.actions)
        high = max(len(column) for column in columns)
        bottom = top + HEAD + high * (HEIGHT + GAP)
        width = max(width, _right(columns, column_width) + MARGIN)
        if number:
            shapes.append(f'<path d="M {MARGIN + 40} {top - 2 * GAP} V {top - 3}"/>')
        shapes += _stage(stage, columns, top, bottom, column_width)
        top = bottom + 2 * GAP
    title = f'<text x="{MARGIN}" y="{MARGIN + LINE - 4}" class="name">{escape(pipeline.name)}</text>'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{top}" viewBox="0 0 {width} {top}">',
            f"<title>{escape(pipeline.name)}</title><style>{STYLE}</style>",
            ARROW,
            f'<rect width="{width}" height="{top}" fill="#fff"/>',
            title,
            *shapes,
            "</svg>",
        ]
    )


def _column_width(pipeline: Pipeline) -> int:
    actions = [action for stage in pipeline.stages for action in stage.actions]
    longest = max(len(text) for action in actions for text in (action.name, str(action.type)))
    return max(NARROWEST, longest * CHARACTER + 2 * GAP)


def _right(columns: list[list[Action]], width: int) -> int:
    return MARGIN + GAP + len(columns) * (width + 2 * GAP)


def _stage(stage: Stage, columns: list[list[Action]], top: int, bottom: int, width: int) -> Iterator[str]:
    yield _box("stage", MARGIN, top, _right(columns, width) - MARGIN, bottom - top)
    yield f'<text x="{MARGIN + GAP}" y="{top + LINE}" class="name">{escape(stage.name)}</text>'
    for number, column in enumerate(columns):
        left = MARGIN + GAP + number * (width + 2 * GAP)
        if number:
            middle = top + HEAD + HEIGHT // 2
            yield f'<path d="M {left - 2 * GAP} {middle} H {left - 2}"/>'
        for place, action in enumerate(column):
            yield from _action(action, left, top + HEAD + place * (HEIGHT + GAP), width)


def _action(action: Action, left: int, top: int, width: int) -> Iterator[str]:
    yield _box("approval" if action.type.category == APPROVAL else "action", left, top, width, HEIGHT)
    yield f'<text x="{left + GAP}" y="{top + 20}">{escape(action.name)}</text>'
    yield f'<text x="{left + GAP}" y="{top + 37}" class="small">{escape(str(action.type))}</text>'


def _box(kind: str, left: int, top: int, width: int, height: int) -> str:
    return f'<rect class="{kind}" x="{left}" y="{top}" width="{width}" height="{height}" rx="4"/>'
