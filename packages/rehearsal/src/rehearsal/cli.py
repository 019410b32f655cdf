"""The command line: the commands in `commands/`, and the error boundary, with messages and exit codes."""

from __future__ import annotations

import errno
import gc
import os
import sys
from importlib import import_module
from typing import NamedTuple

import click

from rehearsal import program_name
from rehearsal.bug_report import write_bug_report
from rehearsal.errors import RehearsalError
from rehearsal.host.host_environment import LOG_LEVEL, remove_aws_settings

FULL = (errno.ENOSPC, errno.EDQUOT)


def main() -> None:
    """Run one command. Exit codes: 0 done; 1 the pipeline is red; 2 wrong use or settings; 3 a bug; 130 interrupted."""
    remove_aws_settings(os.environ)
    try:
        code = cli.main(
            standalone_mode=False, prog_name=program_name.command_name(), complete_var=program_name.COMPLETION_VARIABLE
        )
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except RehearsalError as error:
        click.echo(program_name.with_command_name(f"rehearsal: {error}"), err=True)
        code = error.exit_code
    except OSError as error:
        code = _report_full_disk(error) if error.errno in FULL else _report_bug()
    except (KeyboardInterrupt, click.Abort):
        click.echo("rehearsal: interrupted", err=True)
        code = 130
    except Exception as error:
        code = _report_unreachable_emulator(error) if _is_unreachable(error) else _report_bug()
    sys.stdout.flush()
    gc.freeze()  # skip the final GC pass: four boto3 clients leave cycles that take 0.5 s
    sys.exit(code or 0)


def _is_unreachable(error: Exception) -> bool:
    """Return whether the embedded AWS did not answer; botocore is imported here because it takes 0.2 s."""
    from botocore.exceptions import EndpointConnectionError, HTTPClientError

    return isinstance(error, (HTTPClientError, EndpointConnectionError))


def _report_unreachable_emulator(error: Exception) -> int:
    """Report that the embedded AWS was stopped or killed while the command used it."""
    click.echo(
        f"rehearsal: the embedded AWS does not answer any more: it was ended, or killed; .rehearsal/logs/emulator.log"
        f" has its last messages, and the next `run` or `up` starts it again ({error})",
        err=True,
    )
    return 1


def _report_full_disk(error: OSError) -> int:
    where = f" ({error.filename})" if error.filename else ""
    click.echo(
        f"rehearsal: {error.strerror}{where}: free disk space (`rehearse clean` removes old executions),"
        " then try again",
        err=True,
    )
    return 2


def _report_bug() -> int:
    log = write_bug_report("rehearsal-bug-", ("cdk-rehearsal", "ministack"))
    click.echo(f"rehearsal: this is a bug in the rehearsal itself; please report it with {log}", err=True)
    return 3


class LazyGroup(click.Group):
    """A group that imports a command's module when it is called; `--help` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table, hidden ones included."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None for an unknown name."""
        if cmd_name not in VERBS:
            return None
        module = import_module(f"rehearsal.commands.{VERBS[cmd_name].module}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their summaries."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.summary) for name, verb in VERBS.items() if verb.summary])


class Verb(NamedTuple):
    """The module in `commands/` that has a command, and the first sentence of its help; a hidden command has none."""

    module: str
    summary: str


VERBS = {
    "run": Verb("run", "Push the working tree, follow the pipeline through every stage, call the deployed functions."),
    "plan": Verb(
        "plan",
        "Synthesize the working tree and list what a push would change, run and wait for; warn of known deadlocks.",
    ),
    "up": Verb("up", "Start the embedded AWS, with the pipeline deployed, and leave it running."),
    "down": Verb("up", "End the embedded AWS that `up` started, take the remote `rehearsal` away; the state is kept."),
    "console": Verb(
        "console", "Serve the web console of the pipeline that `up` keeps running, until it is interrupted."
    ),
    "watch": Verb(
        "watch", "Follow an execution to its end, the latest unless ID names another; an interrupt lets it go on."
    ),
    "status": Verb("status", "Show an execution, the latest unless ID names another: every stage and action."),
    "history": Verb("history", "List the executions, newest first: id, status, revision, start, seconds, trigger."),
    "logs": Verb(
        "logs",
        'Print the log of ACTION ("Build/Synth", or "Synth") of the latest execution; without ACTION, list the logs.',
    ),
    "why": Verb("why", "Say why an execution is red: the first error, where it is, and the next command."),
    "report": Verb("report", "Write an execution as one HTML file: the first error, the actions, how long each took."),
    "approve": Verb(
        "approve",
        'Approve what waits for an approval: only ACTION ("Prod/Approve", or "Approve"), or everything.',
    ),
    "reject": Verb(
        "approve",
        'Reject what waits for an approval: only ACTION ("Prod/Approve", or "Approve"), or everything.',
    ),
    "stop": Verb("stop", "Stop the running execution; ID (or how it begins) says which, where several run."),
    "retry": Verb(
        "retry",
        "Run the failed actions of STAGE again, and follow the execution to its end; without STAGE, of the failed one.",
    ),
    "rollback": Verb(
        "rollback", "Roll STAGE back to execution ID, or to the one that last succeeded in it before the present one."
    ),
    "env": Verb(
        "env",
        'Print exports with which `aws`, `cdk` and boto3 work in NAME: "pipeline", an environment, or an account.',
    ),
    "shell": Verb(
        "shell",
        "Open a shell in the folder, environment and role of the build ACTION; exit 1 where COMMAND fails.",
    ),
    "clock": Verb("clock", "Show the clock; `60x` sets its pace, `+90d` lets dates be 90 days later."),
    "clean": Verb("clean", "Remove old executions, with their logs and artifacts, and files that are quick to create."),
    "permissions": Verb(
        "permissions", "List for each role what it was allowed and used, was allowed and never used, and was denied."
    ),
    "completion": Verb(
        "completion", "Print the completion script of SHELL, and the short name `rehearse` that it completes."
    ),
    "pr": Verb(
        "pull_requests",
        "Open, update or close a pull request of the working tree, which starts the pipeline by its triggers.",
    ),
    "received": Verb("post_receive", ""),
}


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cdk-rehearsal", prog_name=program_name.COMMAND, message="%(prog)s %(version)s")
@click.option(
    "--log-level",
    type=click.Choice(["error", "warning", "info", "debug"]),
    envvar=LOG_LEVEL,
    help="How much an embedded AWS that this command starts writes to .rehearsal/logs/emulator.log (warning).",
)
def cli(log_level: str | None) -> None:
    """Rehearse this project's CDK pipeline on this machine, from `git push` to prod."""
    if log_level:
        os.environ[LOG_LEVEL] = log_level
