"""`run --list` and `run --graph`: show the pipeline's definition, without running it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import click

from rehearsal.commands.context import open_deployment
from rehearsal.commands.output import put_json
from rehearsal.emulator.server import launcher
from rehearsal.engine.model.definition import Pipeline
from rehearsal.host.cancellation import Cancellation
from rehearsal.project import configuration
from rehearsal.project.assembly_manifest import read_assembly
from rehearsal.project.cdk_app import App, command_folders
from rehearsal.project.cdk_cli import Cdk
from rehearsal.project.cdk_installation import CdkInstallation
from rehearsal.project.cloud_assembly import Assembly
from rehearsal.views import graph
from rehearsal.views.svg import svg
from rehearsal.views.terminal import definition_table, terminal
from rehearsal.workspace.layout import Workspace
from rehearsal.workspace.locks import scratch_folder

GRAPHS: Mapping[str, Callable[[Pipeline], str]] = {"text": graph.text, "mermaid": graph.mermaid, "svg": svg}


def show_list(pipeline: Pipeline, json_file: Path | None) -> None:
    """Print every action with its run order and artifacts, as a table or as JSON."""
    if json_file:
        put_json(json_file, graph.as_json(pipeline))
    else:
        terminal().print(definition_table(pipeline))


def show_graph(pipeline: Pipeline, kind: str) -> None:
    """Print the pipeline as a graph. kind: a key of GRAPHS."""
    click.echo(GRAPHS[kind](pipeline))


def load_pipeline(space: Workspace, port: int | None, app: App) -> Pipeline:
    """Return the deployed pipeline, or with an app the synthesized one, which needs no deployment."""
    if app == App():
        with open_deployment(space, port) as deployed:
            return deployed.pipeline()
    return _synthesize(space, port, app).pipeline.definition()


def _synthesize(space: Workspace, port: int | None, app: App) -> Assembly:
    config, stop = configuration.read_config(space.root), Cancellation()
    if app.assembly:
        return read_assembly(app.assembly, app.pipeline, config.environment)
    installation = CdkInstallation.find(command_folders(space))
    with scratch_folder(space, "listed") as folder, launcher.join_or_resume(space, port) as endpoint:
        cdk = Cdk(installation, endpoint, space.logs, stop)
        return read_assembly(
            app.synthesize(cdk, space.root, folder / "cdk.out", config), app.pipeline, config.environment
        )
