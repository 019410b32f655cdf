"""`env NAME`: shell exports for one account."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping

import click

from rehearsal.aws import root
from rehearsal.commands.context import running_endpoint, with_workspace
from rehearsal.deploy import bootstrap_record, deployment
from rehearsal.deploy.deployment import Deployment
from rehearsal.errors import WrongUse
from rehearsal.project import configuration
from rehearsal.project.deployed_stacks import list_deployed_stacks
from rehearsal.workspace.layout import Workspace


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print them as a JSON object instead.")
@with_workspace
def env(space: Workspace, name: str, *, as_json: bool) -> None:
    """Print exports with which `aws`, `cdk` and boto3 work in NAME: "pipeline", an environment, or an account."""
    endpoint = running_endpoint(space)
    deployed = deployment.find(space, endpoint)
    account, region = _environment(_deployed_environments(deployed) if deployed else _bootstrapped(space), name)
    variables = endpoint.environ(root(account), region)
    if as_json:
        click.echo(json.dumps(variables, indent=2))
        return
    for key, value in variables.items():
        click.echo(f"export {key}={shlex.quote(value)}")


def _deployed_environments(deployed: Deployment) -> dict[str, tuple[str, str]]:
    known = {"pipeline": (deployed.key.account, deployed.key.region)}
    for stack in list_deployed_stacks(deployed.pipeline(), deployed.key.region):
        known.setdefault(stack.environment.lower(), (stack.account, stack.region))
    return known


def _bootstrapped(space: Workspace) -> dict[str, tuple[str, str]]:
    """Return the accounts of a pipeline whose first deployment has failed; its own is the first one."""
    environments = [(known.account, known.region) for known in bootstrap_record.read_record(space).environments]
    default = configuration.read_config(space.root).environment
    by_account = {account: (account, region) for account, region in environments}
    return {"pipeline": environments[0] if environments else default, **by_account}


def _environment(known: Mapping[str, tuple[str, str]], name: str) -> tuple[str, str]:
    accounts = {account: (account, region) for account, region in known.values()}
    environment = known.get(name.lower()) or accounts.get(name)
    if environment is None:
        raise WrongUse(f"{name}: there is no such environment; there are {', '.join(known)}")
    return environment
