"""A report of changes, rendered: what broadens permissions first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Reports are data: no HTML of theirs reaches the page, and no image is fetched.
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable(["image", "html_block"])
_BROADENS = "broadens"


@dataclass(frozen=True)
class ChangesReport:
    """A report. place: the action that wrote it; here: whether that is in the stage of the approval; html: safe."""

    place: str
    here: bool
    title: str
    html: str
    broadenings: tuple[str, ...]


def changes_report(place: str, markdown: str, *, here: bool) -> ChangesReport:
    """Render a report."""
    tokens = _MARKDOWN.parse(markdown)
    title = next((tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"), place)
    html = _MARKDOWN.render(_without_title(markdown))
    return ChangesReport(place, here, title, html, tuple(_broadenings(tokens)))


def in_order(reports: Iterable[ChangesReport]) -> list[ChangesReport]:
    """Return the reports of the approval's own stage first, and of these what broadens permissions first."""
    return sorted(reports, key=lambda report: (not report.here, not report.broadenings))


def _broadenings(tokens: Sequence[Token]) -> list[str]:
    """Return the list items below each heading that says so."""
    found: list[str] = []
    inside, in_item = False, False
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            inside = tokens[number + 1].content.strip().lower().startswith(_BROADENS)
        elif token.type in ("list_item_open", "list_item_close"):
            in_item = token.type == "list_item_open"
        elif token.type == "inline" and inside and in_item:
            found.append(token.content)
    return found


def _without_title(markdown: str) -> str:
    first, _, rest = markdown.partition("\n")
    return rest if first.startswith("# ") else markdown
