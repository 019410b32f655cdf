"""`approve` and `reject`: answer what waits, from another terminal than the one that runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from rehearsal.commands.completion_types import ACTION
from rehearsal.commands.context import running_deployment, with_workspace
from rehearsal.commands.follow import put_approval
from rehearsal.commands.logs import match_action
from rehearsal.commands.output import AS_JSON, print_json
from rehearsal.deploy.first_deployment import Deployment
from rehearsal.errors import WrongUse
from rehearsal.workspace.layout import Workspace


def _options(verb: Callable[..., Any]) -> Callable[..., Any]:
    verb = click.option("-m", "--summary", default="", help="Why; kept with the answer.")(AS_JSON(verb))
    return click.argument("action", required=False, type=ACTION)(verb)


@click.command()
@_options
@with_workspace
def approve(space: Workspace, action: str | None, summary: str, *, as_json: bool) -> None:
    """Approve one waiting ACTION ("Prod/Approve", or "Approve"), or all of them."""
    _answer(space, action, "Approved", summary, as_json=as_json)


@click.command()
@_options
@with_workspace
def reject(space: Workspace, action: str | None, summary: str, *, as_json: bool) -> None:
    """Reject one waiting ACTION ("Prod/Approve", or "Approve"), or all of them."""
    _answer(space, action, "Rejected", summary, as_json=as_json)


def _answer(space: Workspace, action: str | None, verdict: str, summary: str, *, as_json: bool) -> None:
    deployed = running_deployment(space)
    waiting = _waiting_approvals(deployed)
    if not waiting:
        raise WrongUse(f"nothing in {deployed.key.name} waits for an approval")
    chosen = [match_action([*waiting], action)] if action else [*waiting]
    done = [
        each
        for each in chosen
        if put_approval(deployed, *each, waiting[each], verdict=verdict, summary=summary or "answered")
    ]
    if as_json:
        print_json([{"stage": stage, "action": name, "verdict": verdict} for stage, name in done])
    else:
        for each in done:
            click.echo(f"{'/'.join(each)}: {verdict}")
    if late := ["/".join(each) for each in chosen if each not in done]:
        raise WrongUse(f"somebody else has answered meanwhile, or nothing waits any more: {', '.join(late)}")


def _waiting_approvals(deployed: Deployment) -> dict[tuple[str, str], str]:
    """The token of every action that waits for an answer, by stage and name."""
    return {
        (stage["stageName"], action["actionName"]): action["latestExecution"]["token"]
        for stage in deployed.api().get_pipeline_state(name=deployed.key.name)["stageStates"]
        for action in stage["actionStates"]
        if "token" in action.get("latestExecution", {})
    }
