"""`approve` and `reject`: answer what waits, from another terminal than the one that runs."""

from __future__ import annotations

import click

from rehearsal import deployment
from rehearsal.aws import Endpoint
from rehearsal.commands.follow import put
from rehearsal.errors import WrongUse
from rehearsal.workspace import Workspace


def answer(space: Workspace, verdict: str, summary: str) -> None:
    server = space.server()
    deployed = deployment.find(space, Endpoint(server.endpoint)) if server else None
    if deployed is None:
        raise WrongUse("nothing is running: `python -m rehearsal run` or `up` first")
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
