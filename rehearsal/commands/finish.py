"""Follow what a command has set going, to its end: what `watch`, `retry` and `rollback` share."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from typing import Any

import click

from rehearsal import deployment
from rehearsal.commands.follow import follow
from rehearsal.commands.project import running
from rehearsal.views import summary
from rehearsal.views.terminal import terminal
from rehearsal.workspace import Workspace


def verdict_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """`--approve` and `--reject`, as `run` has them."""
    verb = click.option("--reject", "verdict", flag_value="Rejected", help="Reject every manual approval.")(verb)
    return click.option("--approve", "verdict", flag_value="Approved", help="Approve every manual approval.")(verb)


def finish(space: Workspace, execution: str, *, verdict: str | None, ending: int = 1, stops: bool = False) -> int:
    """Show the execution to its end, and what replaces it; 0 if the last one succeeded, else 1.

    ending: which of its ends is meant, since a retry lets an execution end once more. stops: whether an interrupt
    stops the execution, or only the showing of it.
    """
    console, began, stop = terminal(), time.monotonic(), threading.Event()
    deployed = running(space)

    def tell(text: str) -> None:
        console.print(text, style="dim", soft_wrap=True)

    try:
        reach = functools.partial(deployment.reach, space, deployed, tell, stop)
        views = follow(
            space, console, deployed, execution, verdict=verdict, on_restart=reach, ending=ending, stops=stops
        )
    finally:
        stop.set()
    summary.show(console, space, views[-1], [], time.monotonic() - began, iam=deployed.endpoint.iam)
    return 0 if views[-1].status == "Succeeded" else 1
