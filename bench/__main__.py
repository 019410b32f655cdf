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
    results: dict[str, Any] = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    for area in areas or sorted(AREAS):
        machine = _machine()
        click.echo(f"bench: {area}, on {machine}", err=True)
        results[area] = {"machine": machine, "runs": runs, "slices": {}}
        chosen = {"without": without} if area == "layers" else {}
        for name, figures in AREAS[area](ROOT / "build" / "bench", runs=runs, say=_print_progress, **chosen):
            results[area]["slices"][name] = figures
            RESULT.parent.mkdir(exist_ok=True)
            RESULT.write_text(json.dumps(results, indent=2) + "\n")
            click.echo(TABLES[area]({name: figures}))
            if docs:
                _document(area, results[area])


def _print_progress(line: str) -> None:
    click.echo(f"  {line}", err=True)


def _document(area: str, result: dict[str, Any]) -> None:
    folder = ROOT / "packages" / PACKAGES[area] / "docs"
    page = folder / "benchmarks.md"
    before, mark, _ = page.read_text().partition("<!-- what `make bench` wrote -->")
    day = datetime.now(UTC).date()
    how = f"{COUNTS[area]} of {result['runs']} runs on {result['machine']}"
    heading = f"\n\nMeasured on {day} by `python -m bench {area} --docs`, {how}.\n"
    plotted = result["slices"] if area == "layers" else {}
    pictures = "".join(f"\n![{name}](benchmark-{name}.svg)\n" for name in plotted)
    page.write_text(before + mark + heading + pictures + TABLES[area](result["slices"]) + "\n")
    for name, figures in plotted.items():
        picture = plot.svg(f"Processor seconds to build the layers, slice {name}, logarithmic", figures)
        (folder / f"benchmark-{name}.svg").write_text(picture)


def _machine() -> str:
    processors = os.cpu_count() or 1
    description = f"{processors} processors, {platform.machine()}, Python {platform.python_version()}"
    one_process, all_processes = _processor_seconds(1), _processor_seconds(processors)
    counting = f"counting to ten million in {one_process:.1f} s, in {all_processes:.1f} s where all of them count"
    return f"{description}, {counting}"


def _processor_seconds(processors: int) -> float:
    """Return the processor seconds of counting; two threads of one core take longer when both are used."""
    with ProcessPoolExecutor(processors) as pool:
        return median(measured.processor for measured in pool.map(cost, [_count_to_ten_million] * 3 * processors))


def _count_to_ten_million() -> None:
    number = 0
    while number < 10_000_000:
        number += 1


if __name__ == "__main__":
    sys.exit(main(prog_name="python -m bench"))
