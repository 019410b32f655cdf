"""The command line: the verbs of `commands/` behind one error boundary, which makes an error a message and a code."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback

import click

from rehearsal import aws
from rehearsal.commands import (
    answer,
    clean,
    completion,
    env,
    history,
    logs,
    permissions,
    plan,
    received,
    retry,
    rollback,
    run,
    shell,
    status,
    stop,
    up,
    watch,
)
from rehearsal.errors import RehearsalError

COMMANDS = (
    run.run,
    plan.plan,
    up.up,
    up.down,
    watch.watch,
    status.status,
    history.history,
    logs.logs,
    answer.approve,
    answer.reject,
    stop.stop,
    retry.retry,
    rollback.rollback,
    env.env,
    shell.shell,
    clean.clean,
    permissions.permissions,
    completion.completion,
    received.received,
)


def main() -> None:
    """Run one command. 0 done; 1 the pipeline went red; 2 wrong use or settings; 3 a bug; 130 interrupted."""
    aws.forget(os.environ)
    try:
        code = cli.main(standalone_mode=False, prog_name="python -m rehearsal", complete_var=completion.VARIABLE)
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
def cli() -> None:
    """Rehearse this project's CDK pipeline on this machine, from `git push` to prod."""


for _command in COMMANDS:
    cli.add_command(_command)
