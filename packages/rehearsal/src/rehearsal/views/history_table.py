"""The list of executions of `history`, and the heading of `status`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from rehearsal.engine.state.journal import INTERRUPTED
from rehearsal.views.execution_view import ExecutionView
from rehearsal.views.json_shapes import ExecutionJson
from rehearsal.views.terminal import STYLES


def status_of(view: ExecutionView, *, alive: bool) -> str:
    """Return the execution's status: Interrupted where it has not ended and the embedded AWS does not run.

    alive: whether the embedded AWS runs.
    """
    return view.status if alive or view.seconds is not None else INTERRUPTED


def as_json(view: ExecutionView, *, alive: bool) -> ExecutionJson:
    """Return one execution without its stages; `started` is in ISO 8601, UTC. Contract: docs/rehearsal/json.md."""
    return {
        "execution_id": view.id,
        "status": status_of(view, alive=alive),
        "summary": view.summary,
        "revision": view.revision,
        "trigger": view.trigger,
        "only": view.only,
        "started": None if view.started is None else dt.datetime.fromtimestamp(view.started, dt.UTC).isoformat(),
        "seconds": None if view.seconds is None else round(view.seconds, 2),
    }


def table(views: Iterable[ExecutionView], *, alive: bool) -> Table:
    """Return a table with a row per execution, in the given order; times are in this machine's time zone."""
    executions = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("Execution", "Status", "Revision", "Started"):
        executions.add_column(column, no_wrap=True)
    executions.add_column("Seconds", justify="right", no_wrap=True)
    executions.add_column("Trigger", overflow="fold")
    for view in views:
        status = status_of(view, alive=alive)
        seconds = "" if view.seconds is None else f"{view.seconds:.1f}"
        executions.add_row(
            view.id,
            Text(status, STYLES.get(status, "red")),
            view.revision[:8],
            _clock(view),
            seconds,
            f"run --only {view.only}" if view.only else view.trigger.partition(" ")[0],
        )
    return executions


def _clock(view: ExecutionView) -> str:
    return "" if view.started is None else f"{dt.datetime.fromtimestamp(view.started).astimezone():%Y-%m-%d %H:%M:%S}"
