"""Output of commands: JSON for programs, and the console for people."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
from rich.console import Console

from rehearsal.host.atomic_write import write_json
from rehearsal.views.terminal import terminal

STDOUT = Path("-")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print it as a JSON object instead.")


def _check_writable(_context: click.Context, _parameter: click.Parameter, file: Path | None) -> Path | None:
    """Check before the run that the file's folder is writable."""
    if file and file != STDOUT and not (file.parent.is_dir() and os.access(file.parent, os.W_OK)):
        raise click.BadParameter(f"{file}: there is no folder {file.parent} that can be written to")
    return file


JSON_FILE = click.option(
    "--json",
    "json_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    callback=_check_writable,
    help="Write the result to FILE as JSON; - is standard output.",
)


def output_console(json_file: Path | None) -> Console:
    """Return the console for people: standard output, or standard error where JSON goes to standard output."""
    return terminal(stderr=json_file == STDOUT)


def put_json(file: Path | None, value: object) -> None:
    """Write a value as JSON to `file`, - for standard output; None: nowhere."""
    if file == STDOUT:
        print_json(value)
    elif file and file.exists() and not file.is_file():  # a pipe, or a device
        file.write_text(json.dumps(value, indent=2) + "\n")
    elif file:
        write_json(file, value)


def print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2))
