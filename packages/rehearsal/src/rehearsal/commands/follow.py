"""Follow an execution, its restarts and its rollback to the end; answer approvals."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import Literal

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from rehearsal import program_name
from rehearsal.deploy.deployment import Deployment
from rehearsal.engine.state import journal
from rehearsal.engine.state.events import Event
from rehearsal.errors import RehearsalError
from rehearsal.views.execution_view import ExecutionView
from rehearsal.views.terminal import Progress, progress
from rehearsal.views.traffic import ShiftNews
from rehearsal.workspace.layout import Workspace

STOP_SECONDS = 20

type Verdict = Literal["Approved", "Rejected"]


def follow(
    space: Workspace,
    console: Console,
    deployed: Deployment,
    execution: str,
    *,
    verdict: Verdict | None,
    ending: int = 1,
    stops: bool = True,
    until: str | None = None,
) -> list[ExecutionView]:
    """Show an execution until it ends, then its restart, and so on; return the views of all, in order.

    verdict: "Approved" or "Rejected" answers every approval; None asks on a terminal, else waits for `approve`. ending:
    the number of the end to wait for, since a retried execution ends several times. stops: whether an interrupt stops
    the execution. until: the stage after which to stop it; the caller has disabled the transition after it.
    """
    views: list[ExecutionView] = []
    following: str | None = execution
    while following:
        watched = following
        try:
            view = _watch(space, console, deployed, watched, verdict=verdict, ending=ending, until=until)
            if view.rolled_back_as:  # the execution has failed, whatever the result of its rollback
                watched = view.rolled_back_as
                console.print(f"execution {view.id}: {view.status}; {watched} rolls back", markup=False)
                _watch(space, console, deployed, watched, verdict=verdict, ending=1)
        except (KeyboardInterrupt, click.Abort):
            if stops:
                _stop(space, deployed, watched, ending if watched == execution else 1)
            raise
        views.append(view)
        following, ending = view.restarted_as, 1
        if following:
            console.print(f"execution {view.id}: {view.status}, {view.summary}; it starts again", markup=False)
    return views


def _watch(
    space: Workspace,
    console: Console,
    deployed: Deployment,
    execution: str,
    *,
    verdict: Verdict | None,
    ending: int,
    until: str | None = None,
) -> ExecutionView:
    """Show one execution until its end number `ending`.

    Earlier events are replayed only: they are neither shown nor answered.
    """
    view, ended, shifts = ExecutionView(), 0, ShiftNews(space)
    with progress(console) as shown:
        for event in journal.follow(space.journal(execution), lambda: space.server() is not None, ending=ending):
            if event:
                view.apply(event)
            is_new = ended == ending - 1
            shown.show(event if is_new else None, view)
            for line in shifts.take(view) if is_new else ():
                shown.say(f"traffic: {line}")
            ended += event is not None and event["type"] == "execution-finished"
            if event and event["type"] == "stage-finished" and event["stage"] == until:
                _stop_after_stage(deployed, execution, event)
            if is_new and event and event["type"] == "action-waiting":
                _answer(console, shown, deployed, event, verdict)
    if view.seconds is None:
        log = space.logs / "emulator.log"
        raise RehearsalError(f"the embedded AWS ended during execution {execution}; its log is {log}")
    return view


def is_target_reached(view: ExecutionView, until: str | None) -> bool:
    """Return whether the execution succeeded, or was stopped after the success of the stage `until`."""
    is_reached = any(stage.name == until and stage.status == "Succeeded" for stage in view.stages)
    return view.status == "Succeeded" or (view.status == "Stopped" and is_reached)


def _stop_after_stage(deployed: Deployment, execution: str, event: Event) -> None:
    """Stop the execution after the stage of `event`, the last one to run, if it succeeded."""
    if event["status"] == "Succeeded":
        with contextlib.suppress(ClientError):
            deployed.api().stop_pipeline_execution(
                pipelineName=deployed.key.name,
                pipelineExecutionId=execution,
                reason=f"rehearsed until {event['stage']}",
            )


def _stop(space: Workspace, deployed: Deployment, execution: str, ending: int) -> None:
    """Stop an execution, abandon its actions, and wait until they have ended, at most STOP_SECONDS."""
    deadline = time.monotonic() + STOP_SECONDS
    with contextlib.suppress(ClientError, BotoCoreError):
        deployed.api().stop_pipeline_execution(
            pipelineName=deployed.key.name, pipelineExecutionId=execution, abandon=True, reason="interrupted"
        )
        for _ in journal.follow(space.journal(execution), lambda: time.monotonic() < deadline, ending=ending):
            pass


def _answer(console: Console, shown: Progress, deployed: Deployment, event: Event, verdict: Verdict | None) -> None:
    how = "answered in advance"
    if verdict is None:
        if not (console.is_terminal and sys.stdin.isatty()):
            console.print(f"answer with `{program_name.command_name()} approve` or `reject` in another terminal")
            return
        shown.pause()
        verdict, how = _ask_verdict(event), "answered on the terminal"
        shown.resume()
    put_approval(deployed, event["stage"], event["action"], event["token"], verdict=verdict, summary=how)


def _ask_verdict(event: Event) -> Verdict:
    question = f"{event['stage']}/{event['action']}"
    if event["text"]:
        question += f" ({event['text']})"
    choice = click.prompt(f"{question}: approve or reject?", type=click.Choice(["approve", "reject"]), err=True)
    return "Approved" if choice == "approve" else "Rejected"


def put_approval(deployed: Deployment, stage: str, action: str, token: str, *, verdict: Verdict, summary: str) -> bool:
    """Answer one approval. False where another caller has answered it, or it does not wait any more."""
    user = os.environ.get("USER") or "you"
    try:
        deployed.api().put_approval_result(
            pipelineName=deployed.key.name,
            stageName=stage,
            actionName=action,
            token=token,
            result={"status": verdict, "summary": f"{summary} by {user}"},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] not in (
            "InvalidApprovalTokenException",
            "ApprovalAlreadyCompletedException",
        ):
            raise
        return False
    return True
