"""Answers to approvals: of a user on the terminal, or given in advance by an option."""

from __future__ import annotations

import os
from typing import Literal

import click
from botocore.exceptions import ClientError

from rehearsal.deploy.deployment import Deployment
from rehearsal.engine.state.events import Event

type Verdict = Literal["Approved", "Rejected"]


def ask_verdict(event: Event) -> Verdict:
    """Ask on the terminal for the answer to the approval that waits. event: its `action-waiting`."""
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
