"""Arguments and options with shell completion: ids of executions, stages and actions of the latest execution."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from rehearsal.errors import WrongUse
from rehearsal.views.execution_view import ExecutionView, load_execution_view
from rehearsal.workspace import layout
from rehearsal.workspace.layout import Workspace


class CompletionType(click.ParamType[str]):
    """A string argument. names: lists the completions in a workspace; called for completion only."""

    def __init__(self, name: str, names: Callable[[Workspace], Iterable[str]]) -> None:
        self.name, self._names = name, names

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        with contextlib.suppress(WrongUse, OSError):
            return [CompletionItem(name) for name in self._names(layout.find(Path.cwd())) if incomplete in name]
        return []


def _latest(space: Workspace) -> ExecutionView:
    latest = space.latest()
    return load_execution_view(space, latest) if latest else ExecutionView()


EXECUTION = CompletionType("id", Workspace.newest_first)
STAGE = CompletionType("stage", lambda space: [stage.name for stage in _latest(space).stages])
ACTION = CompletionType("action", lambda space: [action.where for action in _latest(space).actions])

EXECUTION_ARGUMENT = click.argument("execution_id", metavar="[ID]", required=False, type=EXECUTION)
EXECUTION_OPTION = click.option(
    "--execution", "execution_id", metavar="ID", type=EXECUTION, help="Of this execution (default: the latest)."
)
