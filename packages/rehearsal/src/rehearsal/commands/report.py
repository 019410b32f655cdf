"""`report`: write the console's page of an execution as one HTML file, which CI can keep."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import click

from rehearsal.commands.completion_types import EXECUTION_ARGUMENT
from rehearsal.commands.console import console_command, find_program
from rehearsal.commands.context import open_deployment, resolve_execution, running_deployment, with_workspace
from rehearsal.workspace.layout import Workspace


@click.command()
@EXECUTION_ARGUMENT
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
@with_workspace
def report(space: Workspace, execution_id: str | None, html: Path) -> int:
    """Write an execution as one HTML file: the first error, the actions, how long each took.

    It is the latest execution unless ID names another.
    """
    program, execution = find_program(), resolve_execution(space, execution_id)
    with open_deployment(space):
        arguments, environment = console_command(space, running_deployment(space))
        output = [f"--html={html.absolute()}", f"--execution={execution}"]
        done = subprocess.run([program, *arguments, *output], env={**os.environ, **environment}, check=False)
    if done.returncode == 0:
        click.echo(f"execution {execution} is in {html}")
    return done.returncode
