"""Executions as a list, for `history`, and the heading of `status`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from rehearsal.engine.state.journal import INTERRUPTED
from rehearsal.views.execution_view import ExecutionView
from rehearsal.views.terminal import STYLES


def status_of(view: ExecutionView, *, alive: bool) -> str:
    """The execution's status; alive: whether the embedded AWS that could go on with it still runs."""
    return view.status if alive or view.seconds is not None else INTERRUPTED


def as_json(view: ExecutionView, *, alive: bool) -> dict[str, Any]:
    """One execution without its stages; the contract is in docs/rehearsal/json.md. `started` is in ISO 8601, UTC."""
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
    """A row per execution, in the order given; times are the machine's own."""
    shown = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("Execution", "Status", "Revision", "Started"):
        shown.add_column(column, no_wrap=True)
    shown.add_column("Seconds", justify="right", no_wrap=True)
    shown.add_column("Trigger", no_wrap=True)
    for view in views:
        status = status_of(view, alive=alive)
        seconds = "" if view.seconds is None else f"{view.seconds:.1f}"
        shown.add_row(
            view.id,
            Text(status, STYLES.get(status, "red")),
            view.revision[:8],
            _clock(view),
            seconds,
            f"run --only {view.only}" if view.only else view.trigger.partition(" ")[0],
        )
    return shown


def _clock(view: ExecutionView) -> str:
    return "" if view.started is None else f"{dt.datetime.fromtimestamp(view.started).astimezone():%Y-%m-%d %H:%M:%S}"
