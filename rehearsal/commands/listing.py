"""`run --list` and `run --graph`: what the deployed definition has, without running it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import click

from rehearsal.commands.output import put_json
from rehearsal.commands.project import viewing
from rehearsal.engine.definition import Pipeline
from rehearsal.views import graph
from rehearsal.views.svg import svg
from rehearsal.views.terminal import definition, terminal
from rehearsal.workspace import Workspace

GRAPHS: Mapping[str, Callable[[Pipeline], str]] = {"text": graph.text, "mermaid": graph.mermaid, "svg": svg}


def show_list(space: Workspace, port: int | None, json_file: Path | None) -> None:
    """Every action of the deployed pipeline, with its run order and its artifacts."""
    with viewing(space, port) as deployed:
        pipeline = deployed.pipeline()
    if json_file:
        put_json(json_file, graph.as_json(pipeline))
    else:
        terminal().print(definition(pipeline))


def show_graph(space: Workspace, port: int | None, kind: str) -> None:
    """The deployed pipeline as a picture, on standard output."""
    with viewing(space, port) as deployed:
        click.echo(GRAPHS[kind](deployed.pipeline()))
