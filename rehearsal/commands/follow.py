"""Follow an execution, and those that replace it, to the end; answer its approvals."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import click
from botocore.exceptions import ClientError
from rich.console import Console

from rehearsal.deployment import Deployment
from rehearsal.engine import journal
from rehearsal.engine.journal import Event
from rehearsal.errors import RehearsalError
from rehearsal.views.state import ExecutionView
from rehearsal.views.terminal import Progress, progress
from rehearsal.workspace import Workspace


def follow(
    space: Workspace,
    console: Console,
    deployed: Deployment,
    execution: str,
    *,
    verdict: str | None,
    on_restart: Callable[[], None],
) -> list[ExecutionView]:
    """Show the execution until it ends, then the one that took its place, and so on; all of them, in order.

    on_restart: called when the pipeline has changed itself, before its next execution gets to a deployment.
    verdict: "Approved" or "Rejected" answers every approval; None asks on a terminal, else waits for `approve`.
    """
    views: list[ExecutionView] = []
    following: str | None = execution
    while following:
        view = ExecutionView()
        with progress(console) as shown:
            for event in journal.follow(space.journal(following), lambda: space.server() is not None):
                if event:
                    view.take(event)
                shown.show(event, view)
                if event and event["type"] == "action-waiting":
                    _answer(console, shown, deployed, event, verdict)
        if not view.seconds:
            raise RehearsalError(
                f"the embedded AWS ended during execution {following}; its log is {space.logs / 'emulator.log'}"
            )
        views.append(view)
        following = view.restarted_as
        if following:
            console.print(f"execution {view.id}: {view.status}, {view.summary}; it starts again")
            on_restart()
    return views


def _answer(console: Console, shown: Progress, deployed: Deployment, event: Event, verdict: str | None) -> None:
    if verdict is None and not (console.is_terminal and sys.stdin.isatty()):
        console.print("answer with `python -m rehearsal approve` or `reject` in another terminal")
        return
    if verdict is None:
        shown.pause()
        verdict = _ask(event)
        shown.resume()
    put(deployed, event["stage"], event["action"], event["token"], verdict=verdict, summary="answered beforehand")


def _ask(event: Event) -> str:
    question = f"{event['stage']}/{event['action']}"
    if event["text"]:
        question += f" ({event['text']})"
    choice = click.prompt(f"{question}: approve or reject?", type=click.Choice(["approve", "reject"]))
    return "Approved" if choice == "approve" else "Rejected"


def put(deployed: Deployment, stage: str, action: str, token: str, *, verdict: str, summary: str) -> None:
    """Answer one approval. One that somebody else answered meanwhile stays as it is."""
    who = os.environ.get("USER") or "you"
    try:
        deployed.api().put_approval_result(
            pipelineName=deployed.key.name,
            stageName=stage,
            actionName=action,
            token=token,
            result={"status": verdict, "summary": f"{summary} by {who}"},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] not in (
            "InvalidApprovalTokenException",
            "ApprovalAlreadyCompletedException",
        ):
            raise
