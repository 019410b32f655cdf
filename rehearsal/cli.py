"""The command line: parses arguments, calls a verb, and turns an error into a message and a code."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from pathlib import Path

import click

from rehearsal import aws, workspace
from rehearsal.commands import answer as answer_command
from rehearsal.commands import env as env_command
from rehearsal.commands import logs as logs_command
from rehearsal.commands import run as run_command
from rehearsal.commands import status as status_command
from rehearsal.commands import up as up_command
from rehearsal.errors import RehearsalError
from rehearsal.views.terminal import terminal

PORT = click.option("--port", type=click.IntRange(1, 65535), help="Port on 127.0.0.1 (default: a free one).")


def main() -> None:
    """Run one command. 0 done; 1 the pipeline went red; 2 wrong use or settings; 3 a bug; 130 interrupted."""
    aws.forget(os.environ)
    try:
        code = cli.main(standalone_mode=False, prog_name="python -m rehearsal")
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except RehearsalError as error:
        click.echo(f"rehearsal: {error}", err=True)
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("rehearsal: interrupted", err=True)
        code = 130
    except Exception:
        code = _bug()
    sys.stdout.flush()
    sys.exit(code or 0)


def _bug() -> int:
    with tempfile.NamedTemporaryFile("w", prefix="rehearsal-bug-", suffix=".log", delete=False) as log:
        traceback.print_exc(file=log)
    click.echo(f"rehearsal: this is a bug in the rehearsal itself; please report it with {log.name}", err=True)
    return 3


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def cli(context: click.Context) -> None:
    """Rehearse this project's CDK pipeline on this machine, from `git push` to prod."""
    context.obj = workspace.find(Path.cwd())


@cli.command()
@click.option("--approve", "verdict", flag_value="Approved", help="Approve every manual approval beforehand.")
@click.option("--reject", "verdict", flag_value="Rejected", help="Reject every manual approval beforehand.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the result to this file."
)
@PORT
@click.pass_obj
def run(space: workspace.Workspace, verdict: str | None, json_file: Path | None, port: int | None) -> int:
    """Push the working tree, follow the pipeline through every stage, call the deployed functions."""
    return run_command.run(space, terminal(), verdict=verdict, json_file=json_file, port=port)


@cli.command()
@PORT
@click.pass_obj
def up(space: workspace.Workspace, port: int | None) -> None:
    """Start the embedded AWS, with the pipeline deployed, and leave it running."""
    up_command.up(space, terminal(), port)


@cli.command()
@click.pass_obj
def down(space: workspace.Workspace) -> None:
    """End the embedded AWS that `up` started; its state is kept."""
    up_command.down(space)


@cli.command()
@click.pass_obj
def status(space: workspace.Workspace) -> int:
    """Show the latest execution: every stage and action. Exit 1 if it went red."""
    return status_command.status(space, terminal())


@cli.command()
@click.argument("action", required=False)
@click.pass_obj
def logs(space: workspace.Workspace, action: str | None) -> None:
    """Print the log of ACTION ("Build/Synth", or "Synth") of the latest execution; without ACTION, list the logs."""
    logs_command.logs(space, action)


@cli.command()
@click.option("-m", "--summary", default="", help="Why; kept with the approval.")
@click.pass_obj
def approve(space: workspace.Workspace, summary: str) -> None:
    """Approve what waits for an approval."""
    answer_command.answer(space, "Approved", summary)


@cli.command()
@click.option("-m", "--summary", default="", help="Why; kept with the rejection.")
@click.pass_obj
def reject(space: workspace.Workspace, summary: str) -> None:
    """Reject what waits for an approval."""
    answer_command.answer(space, "Rejected", summary)


@cli.command()
@click.argument("name")
@click.pass_obj
def env(space: workspace.Workspace, name: str) -> None:
    """Print exports with which `aws`, `cdk` and boto3 work in environment NAME: "pipeline", a stage, an account."""
    env_command.env(space, name)
