"""`python -m bench`: measure, then write build/bench.json, the table and the plots."""

from __future__ import annotations

import json
import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from statistics import median
from typing import Any

import click

from bench import layers, plot, rehearsal, table
from bench.builders.builder import ROOT
from bench.cost import cost

AREAS = {"layers": layers.measure, "rehearsal": rehearsal.measure}
TABLES = {"layers": table.markdown, "rehearsal": rehearsal.markdown}
# The package whose docs/ hold the figures.
PACKAGES = {"layers": "lambda-layers", "rehearsal": "rehearsal"}
COUNTS = {"layers": "fastest", "rehearsal": "median"}
RESULT = ROOT / "build" / "bench.json"


@click.command()
@click.argument("areas", nargs=-1, type=click.Choice(sorted(AREAS)))
@click.option("--runs", default=3, show_default=True, help="How often each build or rehearsal is measured.")
@click.option("--without", multiple=True, help="The name of a layer builder that is left out, because it takes long.")
@click.option("--docs", is_flag=True, help="Also write the tables and plots that are in the packages' docs/.")
def main(areas: tuple[str, ...], *, runs: int, without: tuple[str, ...], docs: bool) -> None:
    """Measure this project against its peers, in one run on this machine."""
    found: dict[str, Any] = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    for area in areas or sorted(AREAS):
        machine = _machine()
        click.echo(f"bench: {area}, on {machine}", err=True)
        found[area] = {"machine": machine, "runs": runs, "slices": {}}
        chosen = {"without": without} if area == "layers" else {}
        for name, figures in AREAS[area](ROOT / "build" / "bench", runs=runs, say=_print_progress, **chosen):
            found[area]["slices"][name] = figures
            RESULT.parent.mkdir(exist_ok=True)
            RESULT.write_text(json.dumps(found, indent=2) + "\n")
            click.echo(TABLES[area]({name: figures}))
            if docs:
                _document(area, found[area])


def _print_progress(line: str) -> None:
    click.echo(f"  {line}", err=True)


def _document(area: str, found: dict[str, Any]) -> None:
    folder = ROOT / "packages" / PACKAGES[area] / "docs"
    page = folder / "benchmarks.md"
    before, mark, _ = page.read_text().partition("<!-- what `make bench` wrote -->")
    day = datetime.now(UTC).date()
    how = f"{COUNTS[area]} of {found['runs']} runs on {found['machine']}"
    told = f"\n\nMeasured on {day} by `python -m bench {area} --docs`, {how}.\n"
    drawn = found["slices"] if area == "layers" else {}
    pictures = "".join(f"\n![{name}](benchmark-{name}.svg)\n" for name in drawn)
    page.write_text(before + mark + told + pictures + TABLES[area](found["slices"]) + "\n")
    for name, figures in drawn.items():
        picture = plot.svg(f"Processor seconds to build the layers, slice {name}, logarithmic", figures)
        (folder / f"benchmark-{name}.svg").write_text(picture)


def _machine() -> str:
    processors = os.cpu_count() or 1
    told = f"{processors} processors, {platform.machine()}, Python {platform.python_version()}"
    alone, together = _processor_seconds(1), _processor_seconds(processors)
    return f"{told}, counting to ten million in {alone:.1f} s, in {together:.1f} s where all of them count"


def _processor_seconds(processors: int) -> float:
    """Seconds of this machine's processors as they are now; two threads of one core take longer when both are used."""
    with ProcessPoolExecutor(processors) as pool:
        return median(measured.processor for measured in pool.map(cost, [_count_to_ten_million] * 3 * processors))


def _count_to_ten_million() -> None:
    number = 0
    while number < 10_000_000:
        number += 1


if __name__ == "__main__":
    sys.exit(main(prog_name="python -m bench"))
