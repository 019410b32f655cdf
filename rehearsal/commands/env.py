"""`env NAME`: shell exports for one account."""

from __future__ import annotations

import shlex

import click

from rehearsal import deployment, invocations
from rehearsal.aws import Endpoint, root
from rehearsal.errors import WrongUse
from rehearsal.workspace import Workspace


def env(space: Workspace, name: str) -> None:
    server = space.server()
    if server is None:
        raise WrongUse("no embedded AWS is running: `python -m rehearsal up` first")
    endpoint = Endpoint(server.endpoint)
    account, region = _environment(space, endpoint, name)
    for key, value in endpoint.environ(root(account), region).items():
        click.echo(f"export {key}={shlex.quote(value)}")


def _environment(space: Workspace, endpoint: Endpoint, name: str) -> tuple[str, str]:
    deployed = deployment.find(space, endpoint)
    if deployed is None:
        raise WrongUse("no pipeline is deployed: `python -m rehearsal up` first")
    known = {"pipeline": (deployed.key.account, deployed.key.region)}
    for stack in invocations.stacks(deployed.pipeline(), deployed.key.region):
        known.setdefault(stack.environment.lower(), (stack.account, stack.region))
    accounts = {account: (account, region) for account, region in known.values()}
    found = known.get(name.lower()) or accounts.get(name)
    if found is None:
        raise WrongUse(f"{name}: there is no such environment; there are {', '.join(known)}")
    return found
