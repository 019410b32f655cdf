"""`up` and `down`: the embedded AWS between runs."""

from __future__ import annotations

import threading

import click
from rich.console import Console

from rehearsal import deployment
from rehearsal.aws import Endpoint
from rehearsal.emulator import launcher
from rehearsal.git import Repository
from rehearsal.workspace import Workspace


def up(space: Workspace, console: Console, port: int | None) -> None:
    space.make()
    repository = Repository(space.root, space.home)
    server = launcher.up(space, port)
    endpoint = Endpoint(server.endpoint)
    try:
        deployed = deployment.ensure(
            space, endpoint, repository, lambda text: console.print(text, style="dim"), threading.Event()
        )
    except BaseException:
        launcher.down(space)
        raise
    console.print(f"{deployed.key.name} is deployed; {server.endpoint} answers until `python -m rehearsal down`")


def down(space: Workspace) -> None:
    click.echo(
        "the embedded AWS has ended; its state is kept" if launcher.down(space) else "no embedded AWS was running"
    )
