"""Progress of a running execution: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import time
from types import TracebackType
from typing import Protocol, Self

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from rehearsal.engine.model.definition import Pipeline
from rehearsal.engine.state.events import Event
from rehearsal.views.execution_view import ActionView, ExecutionView

PLAIN_WIDTH, PLAIN_HEIGHT = 120, 25
STYLES = {
    "Succeeded": "green",
    "Failed": "red",
    "InProgress": "cyan",
    **dict.fromkeys(("Abandoned", "Cancelled", "Stopping"), "yellow"),
}


class Progress(Protocol):
    """Shows events of an execution. `pause` frees the terminal for a prompt, until `resume`."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None: ...
    def show(self, _event: Event | None, view: ExecutionView, /) -> None: ...
    def say(self, line: str, /) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...


def terminal(*, stderr: bool = False) -> Console:
    """Return the console for output. Without a terminal its width is fixed, so that lines are not cut."""
    console = Console(highlight=False, stderr=stderr)
    if console.is_terminal or "COLUMNS" in os.environ:
        return console
    # With TERM=dumb rich uses a width only where a height is set too.
    return Console(highlight=False, stderr=stderr, width=PLAIN_WIDTH, height=PLAIN_HEIGHT)


def progress(console: Console) -> Progress:
    return LiveRows(console) if console.is_terminal else PlainLines(console)


class PlainLines:
    """Prints a line for each start and end of an action and of the execution."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def show(self, event: Event | None, view: ExecutionView) -> None:
        line = _line(event, view) if event else None
        if line:
            self.say(line)

    def say(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class LiveRows:
    """Shows the execution as a table that is updated in place."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, _event: Event | None, view: ExecutionView) -> None:
        self._live.update(rows(view, live=True))

    def say(self, line: str) -> None:
        self._live.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def pause(self) -> None:
        self._live.stop()

    def resume(self) -> None:
        self._live.start()


def rows(view: ExecutionView, *, live: bool = False) -> Table:
    """Return a table with a row per action: stage, action, status, seconds, and its summary or progress.

    live: cut long texts, so that each row takes one line and the table fits on a terminal.
    """
    table = Table(
        title=f"{view.pipeline}  {view.id}", title_justify="left", box=SIMPLE_HEAD, pad_edge=False, expand=True
    )
    for column in ("Stage", "Action"):
        table.add_column(column, no_wrap=live, overflow="ellipsis" if live else "fold", max_width=30)
    table.add_column("Status", no_wrap=True)
    table.add_column("Seconds", justify="right", no_wrap=True)
    table.add_column("Summary", no_wrap=live, overflow="ellipsis" if live else "fold", ratio=1)
    for stage in view.stages:
        for number, action in enumerate(stage.actions):
            status = Text(action.status or "-", STYLES.get(action.status, "dim"))
            summary = Text(action.summary or action.progress)
            table.add_row(stage.name if number == 0 else "", action.name, status, _seconds(action), summary)
    return table


def definition_table(pipeline: Pipeline) -> Table:
    """Return a table with a row per action: stage, run order, action, provider, input and output artifacts."""
    table = Table(
        title=f"{pipeline.name}  {pipeline.type}, {pipeline.execution_mode}",
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    for column in ("Stage", "Order", "Action", "Provider", "Inputs", "Outputs"):
        table.add_column(column, overflow="fold")
    for stage in pipeline.stages:
        for number, action in enumerate(stage.actions):
            name = stage.name if number == 0 else ""
            artifacts = (", ".join(action.inputs), ", ".join(action.outputs))
            table.add_row(name, str(action.run_order), action.name, str(action.type), *artifacts)
    return table


def _seconds(action: ActionView) -> str:
    if action.seconds is not None:
        return f"{action.seconds:.1f}"
    return f"{time.time() - action.started:.0f}" if action.started else ""


def _line(event: Event, view: ExecutionView) -> str | None:
    where = f"{event.get('stage')}/{event.get('action')}"
    match event["type"]:
        case "execution-started":
            return f"{view.pipeline}: execution {view.id}"
        case "action-started":
            return f"{where}: started"
        case "action-waiting":
            return f"{where}: waits for an approval"
        case "action-finished":
            return f"{where}: {event['status']} in {event['seconds']:.1f} s: {event['summary']}"
        case "execution-finished":
            return f"{view.pipeline}: {event['status']} in {event['seconds']:.1f} s"
    return None
