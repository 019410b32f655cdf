"""The figures as a Markdown table, each with its ratio to this project's builder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_ROWS = {
    "cold build, s": ("seconds", "cold"),
    "downloads only, s": ("seconds", "downloads"),
    "warm build, s": ("seconds", "warm"),
    "one package changed, s": ("seconds", "one_changed"),
    "nothing changed, s": ("seconds", "nothing_changed"),
    "cold build, processor s": ("processor_seconds", "cold"),
    "downloads only, processor s": ("processor_seconds", "downloads"),
    "warm build, processor s": ("processor_seconds", "warm"),
    "one package changed, processor s": ("processor_seconds", "one_changed"),
    "nothing changed, processor s": ("processor_seconds", "nothing_changed"),
    "memory of the largest process, downloads only, bytes": ("memory_bytes",),
    "zip, bytes": ("zip_bytes",),
    "unzipped, bytes": ("unzipped_bytes",),
    "import, processor ms": ("import_seconds",),
    "modules compiled at import": ("compiled_modules",),
    "files that differ in a second build": ("differing_files",),
}


def markdown(slices: Mapping[str, Mapping[str, Any]]) -> str:
    """Two tables for each slice: the peers as they are, and completed; the first builder is the one of the ratios."""
    return "\n".join(line for name, figures in slices.items() for line in _slice(name, figures))


def _slice(name: str, figures: Mapping[str, Any]) -> Iterator[str]:
    first = next(iter(figures), "")
    for title, complete in ((f"### Slice `{name}`", False), (f"### Slice `{name}`, like for like", True)):
        shown = {
            key: found for key, found in figures.items() if key == first or bool(found.get("complete")) == complete
        }
        if len(shown) > 1:
            yield from _table(title, shown)


def _table(heading: str, figures: Mapping[str, Any]) -> Iterator[str]:
    there = {builder: found for builder, found in figures.items() if "skipped" not in found}
    titles = [f"{builder} {found['version']}" for builder, found in there.items()]
    yield from ("", heading, "", f"| | {' | '.join(titles)} |", "|---|" + "---:|" * len(titles))
    first: Mapping[str, Any] = next(iter(there.values()), {})
    for title, path in _ROWS.items():
        cells = [_cell(title, _value_at(found, path), _value_at(first, path)) for found in there.values()]
        yield f"| {title} | {' | '.join(cells)} |"
    for builder, found in figures.items():
        if "skipped" in found:
            yield f"\nSkipped: {builder} {found['version']}: {found['skipped'].splitlines()[0]}"


def _value_at(found: Mapping[str, Any], path: tuple[str, ...]) -> float:
    value: Any = found
    for part in path:
        value = value[part]
    return float(value)


def _cell(title: str, value: float, first: float) -> str:
    told = (
        f"{value * 1000:,.0f}" if title.endswith("ms") else f"{value:.2f}" if title.endswith(" s") else f"{value:,.0f}"
    )
    timed = title.endswith(("s", "bytes")) and first and value != first
    return f"{told} ({value / first:.1f} x)" if timed else told
