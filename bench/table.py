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
    """Return two tables for each slice: the peers as they are, and completed. Ratios are those to the first builder."""
    return "\n".join(line for name, figures in slices.items() for line in _slice(name, figures))


def _slice(name: str, figures: Mapping[str, Any]) -> Iterator[str]:
    first = next(iter(figures), "")
    for title, complete in ((f"### Slice `{name}`", False), (f"### Slice `{name}`, like for like", True)):
        shown = {
            key: builder_figures
            for key, builder_figures in figures.items()
            if key == first or bool(builder_figures.get("complete")) == complete
        }
        if len(shown) > 1:
            yield from _table(title, shown)


def _table(heading: str, figures: Mapping[str, Any]) -> Iterator[str]:
    measured = {
        builder: builder_figures for builder, builder_figures in figures.items() if "skipped" not in builder_figures
    }
    titles = [f"{builder} {builder_figures['version']}" for builder, builder_figures in measured.items()]
    yield from ("", heading, "", f"| | {' | '.join(titles)} |", "|---|" + "---:|" * len(titles))
    first: Mapping[str, Any] = next(iter(measured.values()), {})
    for title, path in _ROWS.items():
        cells = [
            _cell(title, _value_at(builder_figures, path), _value_at(first, path))
            for builder_figures in measured.values()
        ]
        yield f"| {title} | {' | '.join(cells)} |"
    for builder, builder_figures in figures.items():
        if "skipped" in builder_figures:
            yield f"\nSkipped: {builder} {builder_figures['version']}: {builder_figures['skipped'].splitlines()[0]}"


def _value_at(figures: Mapping[str, Any], path: tuple[str, ...]) -> float:
    value: Any = figures
    for part in path:
        value = value[part]
    return float(value)


def _cell(title: str, value: float, first: float) -> str:
    if title.endswith("ms"):
        text = f"{value * 1000:,.0f}"
    else:
        text = f"{value:.2f}" if title.endswith(" s") else f"{value:,.0f}"
    has_ratio = title.endswith(("s", "bytes")) and first and value != first
    return f"{text} ({value / first:.1f} x)" if has_ratio else text
