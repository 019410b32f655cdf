"""The command line: parses arguments, calls a verb, and turns an error into a message and a code."""

from __future__ import annotations

import sys
import tempfile
import traceback
from pathlib import Path

import click

from pipeline import generated
from pipeline.errors import PipelineError
from pipeline.refusals import SettingsError


def main() -> None:
    """Run one command. 0 done; 1 red; 2 wrong use or settings; 3 a bug; 130 interrupted."""
    try:
        code = cli.main(standalone_mode=False, prog_name="python -m pipeline")
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except PipelineError as error:
        click.echo(f"pipeline: {error}", err=True)
        code = error.exit_code
    except SettingsError as error:
        click.echo(f"pipeline: {error}", err=True)
        code = 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("pipeline: interrupted", err=True)
        code = 130
    except Exception:
        code = _bug()
    sys.exit(code or 0)


def _bug() -> int:
    with tempfile.NamedTemporaryFile("w", prefix="pipeline-bug-", suffix=".log", delete=False) as log:
        traceback.print_exc(file=log)
    click.echo(f"pipeline: this is a bug in the command itself; please report it with {log.name}", err=True)
    return 3


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """What a person does for a delivery pipeline by hand."""


@cli.command()
def generate() -> None:
    """Write the committed files that are made from the code and from cdk.out (`make synth` first)."""
    generated.write(Path.cwd())
