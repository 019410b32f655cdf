"""The command line: the verbs of `commands/` behind one error boundary, which makes an error a message and a code."""

from __future__ import annotations

import errno
import gc
import os
import sys
import tempfile
import traceback
from collections import UserDict
from importlib import import_module
from typing import Any

import click
from botocore.exceptions import BotoCoreError, EndpointConnectionError, HTTPClientError

from rehearsal import aws, program_name
from rehearsal.commands import completion
from rehearsal.errors import RehearsalError

VERSION = "0.1.0"
FULL = (errno.ENOSPC, errno.EDQUOT)


def main() -> None:
    """Run one command. 0 done; 1 the pipeline went red; 2 wrong use or settings; 3 a bug; 130 interrupted."""
    aws.remove_aws_settings(os.environ)
    try:
        code = cli.main(
            standalone_mode=False, prog_name=program_name.command_name(), complete_var=completion.COMPLETION_VARIABLE
        )
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except RehearsalError as error:
        click.echo(program_name.with_command_name(f"rehearsal: {error}"), err=True)
        code = error.exit_code
    except BotoCoreError as error:
        code = _report_unreachable_emulator(error)
    except OSError as error:
        code = _report_full_disk(error) if error.errno in FULL else _report_bug()
    except (KeyboardInterrupt, click.Abort):
        click.echo("rehearsal: interrupted", err=True)
        code = 130
    except Exception:
        code = _report_bug()
    sys.stdout.flush()
    gc.freeze()  # the interpreter would look for garbage as it ends, of which clients of AWS make much
    sys.exit(code or 0)


def _report_unreachable_emulator(error: BotoCoreError) -> int:
    """The embedded AWS that a command has been working with is gone: somebody ended it, or killed it."""
    if not isinstance(error, (HTTPClientError, EndpointConnectionError)):
        return _report_bug()
    click.echo(
        f"rehearsal: the embedded AWS does not answer any more: it was ended, or killed; .rehearsal/logs/emulator.log"
        f" has its last words, and the next `run` or `up` starts it anew ({error})",
        err=True,
    )
    return 1


def _report_full_disk(error: OSError) -> int:
    where = f" where {error.filename} lies" if error.filename else ""
    click.echo(
        f"rehearsal: {error.strerror}{where}: make room (`rehearse clean` gives back what old executions"
        " take), then try again",
        err=True,
    )
    return 2


def _report_bug() -> int:
    with tempfile.NamedTemporaryFile("w", prefix="rehearsal-bug-", suffix=".log", delete=False) as log:
        traceback.print_exc(file=log)
    click.echo(f"rehearsal: this is a bug in the rehearsal itself; please report it with {log.name}", err=True)
    return 3


class _Verbs(UserDict[str, Any]):
    """Verbs by name, each imported when it is asked for: all of them together take half a second."""

    def __getitem__(self, name: str) -> click.Command:
        verb: click.Command = getattr(import_module(f"rehearsal.commands.{self.data[name]}"), name)
        return verb


# In which module of `commands/` each one is.
VERBS = _Verbs(
    {
        "run": "run",
        "plan": "plan",
        "up": "up",
        "down": "up",
        "watch": "watch",
        "status": "status",
        "history": "history",
        "logs": "logs",
        "approve": "approve",
        "reject": "approve",
        "stop": "stop",
        "retry": "retry",
        "rollback": "rollback",
        "env": "env",
        "shell": "shell",
        "clean": "clean",
        "permissions": "permissions",
        "completion": "completion",
        "received": "post_receive",
    }
)


@click.group(commands=VERBS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name=program_name.COMMAND, message="%(prog)s %(version)s")
def cli() -> None:
    """Rehearse this project's CDK pipeline on this machine, from `git push` to prod."""
