"""`approve` and `reject`: answer what waits, from another terminal than the one that runs."""

from __future__ import annotations

import click

from rehearsal.commands.follow import put
from rehearsal.commands.project import in_project, running
from rehearsal.errors import WrongUse
from rehearsal.workspace import Workspace


@click.command()
@click.option("-m", "--summary", default="", help="Why; kept with the approval.")
@in_project
def approve(space: Workspace, summary: str) -> None:
    """Approve what waits for an approval."""
    _answer(space, "Approved", summary)


@click.command()
@click.option("-m", "--summary", default="", help="Why; kept with the rejection.")
@in_project
def reject(space: Workspace, summary: str) -> None:
    """Reject what waits for an approval."""
    _answer(space, "Rejected", summary)


def _answer(space: Workspace, verdict: str, summary: str) -> None:
    deployed = running(space)
    waiting = [
        (stage["stageName"], action["actionName"], action["latestExecution"]["token"])
        for stage in deployed.api().get_pipeline_state(name=deployed.key.name)["stageStates"]
        for action in stage["actionStates"]
        if "token" in action.get("latestExecution", {})
    ]
    if not waiting:
        raise WrongUse(f"nothing in {deployed.key.name} waits for an approval")
    for stage, action, token in waiting:
        put(deployed, stage, action, token, verdict=verdict, summary=summary or "answered")
        click.echo(f"{stage}/{action}: {verdict}")
