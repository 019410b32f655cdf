"""The command line: `pipeline-console`, behind one error boundary."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from pipeline_console.bug_report import write_bug_report
from pipeline_console.errors import ReadFailed, WrongUse

if TYPE_CHECKING:
    from pipeline_console.pages.site import Site

PROGRAM = "pipeline-console"


def main() -> None:
    """Run the command. 0 done; 1 AWS refused; 2 wrong use or settings; 3 a bug; 130 interrupted."""
    try:
        code = console.main(standalone_mode=False, prog_name=PROGRAM)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except WrongUse as error:
        click.echo(f"{PROGRAM}: {error}", err=True)
        code = error.exit_code
    except ReadFailed as error:
        click.echo(f"{PROGRAM}: AWS did not answer: {error}", err=True)
        code = 1
    except (KeyboardInterrupt, click.Abort):
        click.echo(f"{PROGRAM}: interrupted", err=True)
        code = 130
    except Exception:
        code = _report_bug()
    sys.exit(code or 0)


def _report_bug() -> int:
    log = write_bug_report("pipeline-console-bug-", ("cdk-pipeline-console", "boto3"))
    click.echo(f"{PROGRAM}: this is a bug in the console itself; please report it with {log}", err=True)
    return 3


def read_accounts(options: tuple[str, ...]) -> dict[str, str]:
    """Read ACCOUNT=PROFILE options. Raises WrongUse."""
    accounts = {}
    for text in options:
        account, _, profile = text.partition("=")
        if not (account.isdecimal() and len(account) == 12 and profile):
            raise WrongUse(f"--account: got {text!r}; ACCOUNT=PROFILE is needed, for example 222222222222=dev")
        accounts[account] = profile
    return accounts


OUT = click.File("w", encoding="utf-8", lazy=True)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--profile", metavar="NAME", help="The AWS profile of the pipeline's account.")
@click.option("--region", metavar="NAME", help="The region of the pipeline (default: the profile's).")
@click.option("--pipeline", metavar="NAME", help="Which pipeline, where the account has several.")
@click.option(
    "--account",
    "accounts",
    multiple=True,
    metavar="ACCOUNT=PROFILE",
    help="The AWS profile of another account; repeatable.",
)
@click.option("--allow-approve", is_flag=True, help="Allow to approve, reject, retry, stop and roll back.")
@click.option("--allow-invoke", is_flag=True, help="Allow to invoke functions.")
@click.option(
    "--events", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A folder of events, as JSON files."
)
@click.option("--port", type=click.IntRange(1, 65535), help="Port on 127.0.0.1 (default: 8377, or a free one).")
@click.option("--open", "browser", is_flag=True, help="Open the page in a browser.")
@click.option("--html", "html_file", type=OUT, help="Write the page of an execution as one file, and serve nothing.")
@click.option("--json", "json_file", type=OUT, help="Write executions and DORA figures as JSON, and serve nothing.")
@click.option("--execution", metavar="ID", help="With --html: which execution (default: the latest).")
@click.option("--rehearsed", is_flag=True, hidden=True)
@click.version_option(package_name="cdk-pipeline-console", prog_name=PROGRAM, message="%(prog)s %(version)s")
def console(
    *,
    profile: str | None,
    region: str | None,
    pipeline: str | None,
    accounts: tuple[str, ...],
    allow_approve: bool,
    allow_invoke: bool,
    events: Path | None,
    port: int | None,
    browser: bool,
    html_file: IO[str] | None,
    json_file: IO[str] | None,
    execution: str | None,
    rehearsed: bool,
) -> None:
    """Serve pages of one pipeline on 127.0.0.1, read-only unless allowed otherwise, until it is interrupted."""
    from pipeline_console import server
    from pipeline_console.pages.application import application
    from pipeline_console.pages.site import Options, Site
    from pipeline_console.reads.client import Aws
    from pipeline_console.reads.pipeline import choose
    from pipeline_console.security import Keys, kept_session

    aws = Aws(profile, region, read_accounts(accounts))
    reads = choose(aws, pipeline)
    reads.definition()  # a pipeline that cannot be read is reported here, not on each page
    options = Options(approve=allow_approve, invoke=allow_invoke, rehearsed=rehearsed, events=events)
    if html_file or json_file:
        _write(Site(aws, reads, Keys(0), options), html_file, json_file, execution)
        return
    opened = server.listen(port)
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    bound_port = opened.getsockname()[1]
    keys = Keys(bound_port, session=kept_session(bound_port, state))
    site = Site(aws, reads, keys, options)
    url = f"http://{server.HOST}:{keys.port}/?token={keys.token}"
    mode = "" if allow_approve else " (read-only: --allow-approve allows changes)"

    def announce() -> None:
        click.echo(f"{reads.name}: {url}{mode}\nCtrl-C ends it")
        sys.stdout.flush()

    try:
        server.run(application(site), opened, url, browser=browser, ready=announce)
    finally:
        site.logs.close()


def _write(site: Site, html_file: IO[str] | None, json_file: IO[str] | None, execution: str | None) -> None:
    from pipeline_console.pages.history_page import DAYS, history
    from pipeline_console.pages.report import execution_report, latest

    if html_file:
        id_ = execution or latest(site)
        if not id_:
            raise WrongUse(f"{site.reads.name} has no execution yet, so there is none to write")
        html_file.write(execution_report(site, id_))
    if json_file:
        json.dump(history(site, DAYS), json_file, indent=2)
