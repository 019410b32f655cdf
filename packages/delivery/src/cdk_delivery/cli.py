"""The command line: parses arguments, calls a command, and turns an error into a message and an exit code."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError

from cdk_delivery.bug_report import write_bug_report
from cdk_delivery.errors import PipelineError
from cdk_delivery.settings.messages import SettingsError

PROFILES = click.option(
    "--profile", "profiles", multiple=True, metavar="ACCOUNT=PROFILE", help="The AWS profile of an account; repeatable."
)
YES = click.option("--yes", is_flag=True, help="Do it without asking.")


def main() -> None:
    """Run one command, and exit: 0 done; 1 failed or red; 2 wrong use or settings; 3 a bug; 130 interrupted."""
    try:
        code = cli.main(standalone_mode=False, prog_name="delivery")
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except PipelineError as error:
        click.echo(f"delivery: {error}", err=True)
        code = error.exit_code
    except SettingsError as error:
        click.echo(f"delivery: {error}", err=True)
        code = 2
    except (ClientError, BotoCoreError) as error:
        click.echo(f"delivery: AWS refused: {error}; `delivery doctor` checks what is needed", err=True)
        code = 1
    except (KeyboardInterrupt, click.Abort):
        click.echo("delivery: interrupted", err=True)
        code = 130
    except Exception:
        code = _report_bug()
    sys.exit(code or 0)


def _report_bug() -> int:
    log = write_bug_report("delivery-bug-", ("cdk-delivery", "aws-cdk-lib"))
    click.echo(f"delivery: this is a bug in the command itself; please report it with {log}", err=True)
    return 3


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cdk-delivery", message="%(prog)s %(version)s")
def cli() -> None:
    """Set up, check and remove a delivery pipeline."""


@cli.command()
@PROFILES
@click.option("--only", multiple=True, metavar="ACCOUNT/REGION", help="Only this account and region; repeatable.")
@click.option("--print", "only_print", is_flag=True, help="Print the commands and run nothing.")
@YES
def bootstrap(profiles: tuple[str, ...], only: tuple[str, ...], *, only_print: bool, yes: bool) -> int:
    """Prepare every account: the CDK bootstrap, trust for the pipeline's account, and a narrow execution policy."""
    from cdk_delivery.commands import bootstrap as verb

    return verb.bootstrap(Path.cwd(), profiles, only, only_print=only_print, yes=yes)


@cli.command()
@PROFILES
def doctor(profiles: tuple[str, ...]) -> int:
    """Check accounts, bootstraps, connection, versions and quotas; a row each, with the command that fixes it."""
    from cdk_delivery.commands import doctor as verb

    return verb.doctor(Path.cwd(), profiles)


@cli.command()
@PROFILES
@click.option("--data", is_flag=True, help="Remove what retention keeps of the pipeline: artifacts and their logs.")
@YES
def destroy(profiles: tuple[str, ...], *, data: bool, yes: bool) -> int:
    """List the stacks, ask, then delete the stages and the pipeline, in an order that works."""
    from cdk_delivery.commands import destroy as verb

    return verb.destroy(Path.cwd(), profiles, data=data, yes=yes)


@cli.command()
@click.argument("assembly", type=click.Path(exists=True, file_okay=False, path_type=Path), default="cdk.out")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to standard output.")
def quotas(assembly: Path, *, as_json: bool) -> int:
    """Print the usage of AWS's quotas by ASSEMBLY (default cdk.out), the nearest first; exit 1 if one is exceeded."""
    from cdk_delivery import quotas as verb

    usages = sorted(verb.quota_usages(assembly), key=lambda usage: -usage.used / usage.allowed)
    if as_json:
        click.echo(json.dumps([asdict(usage) for usage in usages], indent=2))
    else:
        for usage in usages:
            remedy = f": {usage.remedy}" if usage.exceeded else ""
            click.echo(f"{usage.used:>9,} of {usage.allowed:>9,}  {usage.what}{remedy}")
    return int(any(usage.exceeded for usage in usages))


@cli.group()
def access() -> None:
    """Print policies for people who work with the delivery."""


@access.command("console")
@click.argument("account", required=False)
@click.option("--allow-approve", "approve", is_flag=True, help="Allow to approve, reject, retry, stop and roll back.")
@click.option("--allow-invoke", "invoke", is_flag=True, help="Allow to invoke the environments' functions.")
def access_console(account: str | None, *, approve: bool, invoke: bool) -> None:
    """Print the IAM policy for users of `pipeline-console`, as JSON: of ACCOUNT, or of every account by its id."""
    from cdk_delivery.access.console_policy import console_policies
    from cdk_delivery.commands.accounts import settings

    policies = console_policies(settings(Path.cwd()), approve=approve, invoke=invoke)
    if account and account not in policies:
        raise SettingsError(f"ACCOUNT: got {account}; the accounts of this delivery are {', '.join(policies)}")
    click.echo(json.dumps(policies[account] if account else policies, indent=2))


@cli.command()
def generate() -> None:
    """Write the committed files that are generated from the code and from cdk.out (`make synth` first)."""
    from cdk_delivery.generate import files

    files.write(Path.cwd())
