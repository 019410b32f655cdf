"""Where `--json FILE` goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from rehearsal.workspace import write_json

STDOUT = Path("-")
JSON_FILE = click.option(
    "--json",
    "json_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write the result to FILE as JSON; - is standard output.",
)


def put_json(file: Path, value: Any) -> None:
    if file == STDOUT:
        click.echo(json.dumps(value, indent=2))
    else:
        write_json(file, value)
