"""The figures as a Markdown table, each with its ratio to this project's builder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_ROWS = {
    "cold build, s": ("seconds", "cold"),
    "warm build, s": ("seconds", "warm"),
    "one package changed, s": ("seconds", "one_changed"),
    "nothing changed, s": ("seconds", "nothing_changed"),
    "cold build, processor s": ("processor_seconds", "cold"),
    "warm build, processor s": ("processor_seconds", "warm"),
    "one package changed, processor s": ("processor_seconds", "one_changed"),
    "nothing changed, processor s": ("processor_seconds", "nothing_changed"),
    "zip, bytes": ("zip_bytes",),
    "unzipped, bytes": ("unzipped_bytes",),
    "import, ms": ("import_seconds",),
    "modules compiled at import": ("compiled_modules",),
    "files that differ in a second build": ("differing_files",),
}


def markdown(slices: Mapping[str, Mapping[str, Any]]) -> str:
    """A table for each slice; the first builder is the one that the ratios refer to."""
    return "\n".join(line for name, figures in slices.items() for line in _slice(name, figures))


def _slice(name: str, figures: Mapping[str, Any]) -> Iterator[str]:
    there = {builder: found for builder, found in figures.items() if "skipped" not in found}
    titles = [f"{builder} {found['version']}" for builder, found in there.items()]
    yield from ("", f"### Slice `{name}`", "", f"| | {' | '.join(titles)} |", "|---|" + "---:|" * len(titles))
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
