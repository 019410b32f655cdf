"""Follow an execution to its end and write the result, for `watch`, `retry`, `rollback` and partial runs."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console

from rehearsal.commands.approval_answers import Verdict
from rehearsal.commands.context import running_deployment
from rehearsal.commands.follow import Follower
from rehearsal.commands.output import output_console, put_json
from rehearsal.views.execution_view import ExecutionView
from rehearsal.views.summary import RunSummary
from rehearsal.workspace.layout import Workspace


def verdict_options[R](verb: Callable[..., R]) -> Callable[..., R]:
    """Decorator with the options --approve and --reject, which the verb gets as `verdict`.

    It is "Approved", "Rejected", or None for neither.
    """

    @click.option("--approve", is_flag=True, help="Approve every manual approval in advance.")
    @click.option("--reject", is_flag=True, help="Reject every manual approval in advance.")
    @functools.wraps(verb)
    def with_verdict(*args: object, approve: bool, reject: bool, **kwargs: object) -> R:
        if approve and reject:
            raise click.UsageError("--approve or --reject, not both")
        verdict: Verdict | None = "Approved" if approve else None
        if reject:
            verdict = "Rejected"
        return verb(*args, verdict=verdict, **kwargs)

    return with_verdict


def follow_to_end(
    space: Workspace,
    execution: str,
    *,
    verdict: Verdict | None,
    json_file: Path | None,
    end: int = 1,
    stops: bool = False,
) -> int:
    """Show the execution and its restarts to the end; return 0 if the last one succeeded, else 1.

    json_file: for the result, in the form of `run --json`. end: the number of the end to wait for, since a retried
    execution ends several times. stops: whether an interrupt stops the execution.
    """
    began = time.monotonic()
    views = follow_with_summary(space, output_console(json_file), execution, verdict=verdict, end=end, stops=stops)
    return write_result(space, views, time.monotonic() - began, json_file)


def follow_with_summary(
    space: Workspace, console: Console, execution: str, *, verdict: Verdict | None, end: int = 1, stops: bool = False
) -> list[ExecutionView]:
    """Show the execution and its restarts to the end, then a summary; return the views of all, in order."""
    began, deployed = time.monotonic(), running_deployment(space)
    views = Follower(space, console, deployed, verdict, stops=stops).follow(execution, end)
    RunSummary(space, views, [], time.monotonic() - began, deployed.endpoint.iam).show(console)
    return views


def write_result(space: Workspace, views: list[ExecutionView], seconds: float, json_file: Path | None) -> int:
    """Write the result as JSON; return 0 if the last execution succeeded, else 1."""
    iam = running_deployment(space).endpoint.iam
    put_json(json_file, RunSummary(space, views, [], seconds, iam).as_json())
    return 0 if views[-1].status == "Succeeded" else 1
