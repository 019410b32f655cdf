"""A report of changes: its sections about permissions, traffic, resources and packages, and the whole report as HTML.

A report of another form has no sections here; all of it is rendered in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

from markdown_it import MarkdownIt

# Reports are data: no HTML of theirs reaches the page, and no image is fetched. Emphasis is off: it would remove the
# asterisks of `s3:Get*`.
_OFF = ["image", "html_block", "emphasis"]
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable(_OFF)
# A longer report is shown as plain text: the slowest text of this length takes about two seconds to render.
LONGEST_RENDERED = 40_000
_HEADING = re.compile(r"(?P<level>#{1,6})\s+(?P<text>\S.*)")
_ITEM = re.compile(r"\s*[-*+]\s+(?P<text>\S.*)")
# The order of the page: what loses data comes first.
KINDS = ("replaced", "removed", "changed", "added")
_RESOURCE = re.compile(rf"(?P<kind>{'|'.join(KINDS)}): (?P<id>\S+) \((?P<type>[\w:.-]+)\)(?: (?P<properties>.*))?")
_PACKAGE = re.compile(r"(?:(?P<layer>[^:\s]+): )?(?P<name>\S+) (?P<old>\S+) -> (?P<new>\S+)")
_TESTS = "tests of the environment before"


@dataclass(frozen=True)
class Resource:
    """A resource that is added, changed, replaced or removed. properties: those that differ."""

    kind: str
    id: str
    type: str
    properties: str


@dataclass(frozen=True)
class Package:
    """A package of a layer whose version differs; `none` where it comes or goes."""

    layer: str
    name: str
    old: str
    new: str


@dataclass(frozen=True)
class StackChanges:
    """The changes of a stack, by the sections of the report. summary: how many resources change, or the first one."""

    name: str
    summary: str = ""
    resources: tuple[Resource, ...] = ()
    broadenings: tuple[str, ...] = ()
    packages: tuple[Package, ...] = ()
    traffic: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChangesReport:
    """A report. place: the action that wrote it; here: whether that is in the stage of the approval; html: safe.

    facts: of the push, by name; tests: how those of the environment before ended, empty where the report says nothing.
    """

    place: str
    here: bool
    title: str
    html: str
    facts: tuple[tuple[str, str], ...]
    tests: str
    stacks: tuple[StackChanges, ...]

    @property
    def broadenings(self) -> list[str]:
        """The changes that broaden permissions, each with its stack where there are several."""
        several = len(self.stacks) > 1
        return [
            f"{stack.name}: {line}" if several and stack.name else line
            for stack in self.stacks
            for line in stack.broadenings
        ]

    @property
    def in_sections(self) -> bool:
        """Whether the report is of the form that is shown in sections."""
        return any(stack.name and (stack.summary or stack.resources) for stack in self.stacks)


def changes_report(place: str, markdown: str, *, here: bool) -> ChangesReport:
    """Read and render a report."""
    sections = list(_sections(markdown))
    head = next((section for section in sections if section.level == 1), _Section(1, place))
    facts = {name: value for name, separator, value in (line.partition(": ") for line in head.lines) if separator}
    tests = facts.pop(_TESTS, "")
    return ChangesReport(
        place, here, head.heading, _html(markdown), tuple(facts.items()), tests, tuple(_stacks(sections))
    )


def in_order(reports: Sequence[ChangesReport]) -> list[ChangesReport]:
    """Return the reports of the approval's own stage first, and of these what broadens permissions first."""
    return sorted(reports, key=lambda report: (not report.here, not report.broadenings))


@dataclass
class _Section:
    """A heading with its paragraphs and its list items."""

    level: int
    heading: str
    texts: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    @property
    def broadens(self) -> bool:
        return self.heading.lower().startswith("broadens")


def _sections(markdown: str) -> Iterator[_Section]:
    """Divide a report at its headings. Lines are read by themselves: a parser of Markdown takes minutes for some."""
    section = _Section(0, "")
    for line in markdown.splitlines():
        if heading := _HEADING.fullmatch(line):
            yield section
            section = _Section(len(heading["level"]), heading["text"].strip())
        elif item := _ITEM.fullmatch(line):
            section.lines.append(item["text"])
        elif line.strip():
            section.texts.append(line.strip())
    yield section


def _stacks(sections: Sequence[_Section]) -> Iterator[StackChanges]:
    """Yield the changes of each stack. Broadening outside of the stacks' sections is that of a stack without a name."""
    groups: list[list[_Section]] = [[_Section(2, "")]]
    for section in sections:
        if section.level <= 2 and section.broadens:
            groups[0].append(section)
        elif section.level == 2:
            groups.append([section])
        elif section.level > 2:
            groups[-1].append(section)
    for stack, *inner in groups:
        if stack.heading or inner:
            lines: dict[str, list[str]] = {}
            for section in inner:
                lines.setdefault("broadens" if section.broadens else section.heading.lower(), []).extend(section.lines)
            yield StackChanges(
                stack.heading,
                " ".join(stack.texts),
                tuple(_resources(stack.lines)),
                tuple(lines.get("broadens", ())),
                tuple(_packages(lines.get("packages", []))),
                tuple(lines.get("traffic", ())),
            )


def _resources(lines: Sequence[str]) -> Iterator[Resource]:
    matches = [match for line in lines if (match := _RESOURCE.fullmatch(line))]
    for match in sorted(matches, key=lambda match: KINDS.index(match["kind"])):
        yield Resource(match["kind"], match["id"], match["type"], match["properties"] or "")


def _packages(lines: Sequence[str]) -> Iterator[Package]:
    for line in lines:
        if match := _PACKAGE.fullmatch(line):
            yield Package(match["layer"] or "", match["name"], match["old"], match["new"])
        else:
            yield Package("", line, "", "")


def _html(markdown: str) -> str:
    if len(markdown) > LONGEST_RENDERED:
        return f"<pre>{escape(markdown)}</pre>"
    return str(_MARKDOWN.render(_without_title(markdown)))


def _without_title(markdown: str) -> str:
    first, _, rest = markdown.partition("\n")
    return rest if first.startswith("# ") else markdown
