"""`approve` and `reject`: answer waiting approvals, from another terminal than that of `run`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import click

from rehearsal.commands.approval_answers import Verdict, put_approval
from rehearsal.commands.completion_types import ACTION, EXECUTION
from rehearsal.commands.context import resolve_execution, running_deployment, with_workspace
from rehearsal.commands.logs import match_action
from rehearsal.commands.output import AS_JSON, print_json
from rehearsal.errors import WrongUse
from rehearsal.views.execution_view import load_execution_view
from rehearsal.workspace.layout import Workspace


@dataclass(frozen=True)
class WaitingApproval:
    """An approval that waits for an answer, with its execution and the execution's revision."""

    stage: str
    action: str
    token: str
    execution: str
    revision: str

    @property
    def where(self) -> str:
        return f"{self.stage}/{self.action}"

    def describe(self) -> str:
        revision = f", revision {self.revision[:8]}" if self.revision else ""
        return f"execution {self.execution}{revision}"


def _options(verb: Callable[..., object]) -> Callable[..., object]:
    verb = click.option("-m", "--summary", default="", help="Why; kept with the answer.")(AS_JSON(verb))
    verb = click.option(
        "--execution", "execution_id", metavar="ID", type=EXECUTION, help="Answer in this execution only."
    )(verb)
    return click.argument("action", required=False, type=ACTION)(verb)


@click.command()
@_options
@with_workspace
def approve(space: Workspace, action: str | None, execution_id: str | None, summary: str, *, as_json: bool) -> None:
    """Approve what waits for an approval: only ACTION ("Prod/Approve", or "Approve"), or everything."""
    _answer(space, action, execution_id, "Approved", summary, as_json=as_json)


@click.command()
@_options
@with_workspace
def reject(space: Workspace, action: str | None, execution_id: str | None, summary: str, *, as_json: bool) -> None:
    """Reject what waits for an approval: only ACTION ("Prod/Approve", or "Approve"), or everything."""
    _answer(space, action, execution_id, "Rejected", summary, as_json=as_json)


def _answer(
    space: Workspace, action: str | None, execution_id: str | None, verdict: Verdict, summary: str, *, as_json: bool
) -> None:
    deployed = running_deployment(space)
    waiting = _waiting_approvals(space, deployed.key.name)
    if execution_id:
        execution = resolve_execution(space, execution_id)
        waiting = [approval for approval in waiting if approval.execution == execution]
    if not waiting:
        raise WrongUse(f"nothing in {execution_id or deployed.key.name} waits for an approval")
    chosen = _chosen(waiting, action)
    done = []
    for approval in chosen:
        names = (approval.stage, approval.action, approval.token)
        if put_approval(deployed, *names, verdict=verdict, summary=summary or "answered"):
            done.append(approval)
    _report(done, verdict, as_json=as_json)
    if late := [approval.where for approval in chosen if approval not in done]:
        raise WrongUse(f"another caller was faster, or the approval does not wait any more: {', '.join(late)}")


def _chosen(waiting: list[WaitingApproval], action: str | None) -> list[WaitingApproval]:
    """The approvals to answer. Raises WrongUse where several executions wait at one of them."""
    if action:
        named = match_action([*dict.fromkeys((approval.stage, approval.action) for approval in waiting)], action)
        waiting = [approval for approval in waiting if (approval.stage, approval.action) == named]
    several = [where for where, count in Counter(approval.where for approval in waiting).items() if count > 1]
    if several:
        executions = "; ".join(approval.describe() for approval in waiting if approval.where == several[0])
        raise WrongUse(f"several executions wait at {several[0]}: {executions}; name one with --execution")
    return waiting


def _report(done: list[WaitingApproval], verdict: Verdict, *, as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {
                    "stage": approval.stage,
                    "action": approval.action,
                    "verdict": verdict,
                    "execution_id": approval.execution,
                    "revision": approval.revision,
                }
                for approval in done
            ]
        )
    else:
        for approval in done:
            click.echo(f"{approval.where}: {verdict}, {approval.describe()}")


def _waiting_approvals(space: Workspace, pipeline: str) -> list[WaitingApproval]:
    """Every waiting approval, from the journals: the API returns only one execution per stage."""
    views = [load_execution_view(space, execution) for execution in reversed(space.newest_first())]
    running = [view for view in views if view.pipeline == pipeline and view.seconds is None]
    return [
        WaitingApproval(action.stage, action.name, action.token, view.id, view.revision)
        for view in running
        for action in view.actions
        if action.token
    ]
