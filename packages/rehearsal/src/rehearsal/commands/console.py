"""`console`: start the web console of the rehearsed pipeline, which is in a separate package."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import click

from rehearsal.aws import Endpoint, root
from rehearsal.commands.context import running_deployment, with_workspace
from rehearsal.deploy.deployment import Deployment
from rehearsal.errors import WrongUse
from rehearsal.host.atomic_write import write_text
from rehearsal.project import configuration
from rehearsal.project.deployed_stacks import list_deployed_stacks
from rehearsal.workspace.layout import Workspace

PROGRAM = "pipeline-console"
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@click.command()
@click.option("--open", "browser", is_flag=True, help="Open the page in a browser.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the page (default: 8377).")
@with_workspace
def console(space: Workspace, port: int | None, *, browser: bool) -> None:
    """Serve the web console of the pipeline that `up` keeps running, until it is interrupted."""
    options = ["--open"] if browser else []
    become_console(space, [*options, *(["--port", str(port)] if port else [])])


def become_console(space: Workspace, options: list[str]) -> NoReturn:
    """Replace this process by the console of the running pipeline. Raises WrongUse where it is not installed."""
    program = find_program()
    arguments, environment = console_command(space, running_deployment(space))
    sys.stdout.flush()
    os.execve(program, [PROGRAM, *arguments, *options], {**os.environ, **environment})


def console_command(space: Workspace, deployed: Deployment) -> tuple[list[str], dict[str, str]]:
    """Return the console's arguments and environment variables for this pipeline; write its credentials file."""
    file, key = space.private / "console-credentials", deployed.key
    accounts = sorted({key.account, *_accounts(deployed)})
    write_text(file, credentials_file(deployed.endpoint, accounts))
    variables = deployed.endpoint.environ(root(key.account), key.region)
    environment = {name: value for name, value in variables.items() if name not in _KEYS}
    named = ["--profile", key.account, "--region", key.region, "--pipeline", key.name]
    arguments = [*named, "--allow-approve", "--allow-invoke", "--rehearsed"]
    profiles = [f"--account={account}={account}" for account in accounts]
    events = {str((space.root / invoke.event).parent) for invoke in configuration.read_config(space.root).invoke}
    folders = [f"--events={folder}" for folder in sorted(events)[:1]]
    return [*arguments, *profiles, *folders], {**environment, "AWS_SHARED_CREDENTIALS_FILE": str(file)}


def find_program() -> str:
    """Return the path of the console's command: next to this Python, or on PATH. Raises WrongUse."""
    folders = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    program = shutil.which(PROGRAM, path=folders)
    if program is None:
        raise WrongUse(
            f"the command {PROGRAM} is not installed: it is in the wheel cdk_pipeline_console, which `make setup`"
            " installs from wheels/, and `uv pip install wheels/cdk_pipeline_console-*.whl` as well"
        )
    return program


def credentials_file(endpoint: Endpoint, accounts: Iterable[str]) -> str:
    """Return the text of a credentials file with a profile for each account's root user."""
    profiles = (
        f"[{account}]\naws_access_key_id = {account}\naws_secret_access_key = {endpoint.secret}\n"
        for account in accounts
    )
    return "\n".join(profiles)


def _accounts(deployed: Deployment) -> Iterable[str]:
    return (stack.account for stack in list_deployed_stacks(deployed.pipeline(), deployed.key.region))
