"""`python -m bench.pipelines`: rehearse the public pipelines of pipelines.tsv, one after the other, and tabulate."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path

import click

from bench.builders.builder import ROOT
from bench.pipelines.attempt import LIMIT_SECONDS, Pipeline, attempt
from bench.pipelines.first_deployment import FirstDeployment
from bench.pipelines.report import markdown

LIST = Path(__file__).with_name("pipelines.tsv")


def read_list(path: Path = LIST) -> list[Pipeline]:
    """Return the pipelines of a list, in its order."""
    with path.open(newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [
            Pipeline(row["repository"], row["commit"], row["folder"], FirstDeployment.parse(row.get("deploy") or ""))
            for row in rows
        ]


@click.command()
@click.argument("names", nargs=-1)
@click.option("--clones", default="https://github.com", show_default=True, help="A folder of owner+name, or a URL.")
@click.option("--list", "path", default=LIST, type=click.Path(path_type=Path), help="Another list of pipelines.")
@click.option("--scratch", default=ROOT / "build" / "pipelines", type=click.Path(path_type=Path), show_default=True)
@click.option("--limit", default=LIMIT_SECONDS, show_default=True, help="Seconds for each run.")
def main(names: tuple[str, ...], clones: str, path: Path, scratch: Path, limit: int) -> None:
    """Rehearse the pipelines whose names contain one of NAMES, or all; write table.md in the scratch folder."""
    os.nice(10)  # rehearsals take minutes, and other programs come first
    attempts = []
    for pipeline in _chosen(read_list(path), names):
        click.echo(pipeline.repository, err=True)
        attempts.append(attempt(pipeline, clones, scratch, limit=limit))
        scratch.mkdir(parents=True, exist_ok=True)
        (scratch / "table.md").write_text(markdown(attempts))
    click.echo(markdown(attempts))


def _chosen(pipelines: Iterable[Pipeline], names: tuple[str, ...]) -> list[Pipeline]:
    chosen = [pipeline for pipeline in pipelines if not names or any(name in pipeline.repository for name in names)]
    if not chosen:
        raise click.UsageError(f"no pipeline of the list has {', '.join(names)} in its name")
    return chosen


if __name__ == "__main__":
    main()
