"""`logs`: print the log of an action, also while it runs."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from rehearsal.commands.completion_types import ACTION, EXECUTION_OPTION
from rehearsal.commands.context import resolve_execution, with_workspace
from rehearsal.errors import WrongUse
from rehearsal.views.execution_view import ActionView, ExecutionView, load_execution_view
from rehearsal.workspace.layout import Workspace

POLL_SECONDS = 0.1
UNFINISHED = ("", "InProgress")


@click.command()
@click.argument("action", required=False, type=ACTION)
@click.option("-f", "--follow", is_flag=True, help="Go on printing until the action has ended.")
@EXECUTION_OPTION
@click.option("--json", "as_json", is_flag=True, help="With no ACTION: print the list of logs as JSON.")
@with_workspace
def logs(space: Workspace, action: str | None, execution_id: str | None, *, follow: bool, as_json: bool) -> None:
    """Print the log of ACTION ("Build/Synth", or "Synth") of the latest execution; without ACTION, list the logs."""
    which = resolve_execution(space, execution_id)
    view = load_execution_view(space, which)
    if action is None:
        _list(space, view, as_json=as_json)
    elif follow:
        _follow(space, which, *find_action(view, action))
    else:
        path = Path(_action_with_log(view, action).log)
        with path.open(errors="replace") as log:
            shutil.copyfileobj(log, sys.stdout)


def find_action(view: ExecutionView, action: str) -> tuple[str, str]:
    """Return (stage, name) of an action, which is named with its stage (`Dev/Test`, `Dev.Test`) or without.

    Raises WrongUse where none or several actions have that name.
    """
    return match_action([(known.stage, known.name) for known in view.actions], action)


def match_action(known: Sequence[tuple[str, str]], action: str) -> tuple[str, str]:
    """Return the one of the known (stage, name) that `action` names. Raises WrongUse where none or several match."""
    matches = [candidate for candidate in known if action in ("/".join(candidate), ".".join(candidate), candidate[1])]
    if len(matches) != 1:
        names = ", ".join("/".join(candidate) for candidate in known)
        raise WrongUse(f"{action}: {len(matches) or 'no'} actions have that name; there are {names}")
    return matches[0]


def _actions_with_log(view: ExecutionView) -> dict[str, ActionView]:
    """stage/name -> action, of every action that has a log."""
    return {action.where: action for action in view.actions if action.log and Path(action.log).exists()}


def _action_with_log(view: ExecutionView, action: str) -> ActionView:
    where, logged = "/".join(find_action(view, action)), _actions_with_log(view)
    if where not in logged:
        raise WrongUse(f"{where} has no log in execution {view.id}; these have one: {', '.join(logged) or 'none'}")
    return logged[where]


def _list(space: Workspace, view: ExecutionView, *, as_json: bool) -> None:
    # relpath: the logs of a copied project are in the original, outside this one
    paths = {name: os.path.relpath(state.log, space.root) for name, state in _actions_with_log(view).items()}
    if as_json:
        click.echo(json.dumps([{"action": name, "log": path} for name, path in paths.items()], indent=2))
    else:
        for name, path in paths.items():
            click.echo(f"{name}  {path}")


def _follow(space: Workspace, which: str, stage: str, name: str) -> None:
    """Print the log of an action until it ends; wait for its start. Raises WrongUse where it did not run."""

    def has_ended() -> bool:
        view = load_execution_view(space, which)
        is_running = view.seconds is None and space.server() is not None
        return not is_running or view.action(stage, name).status not in UNFINISHED

    while True:
        ended = has_ended()  # before the log is read: the action may start and end in between
        if log := load_execution_view(space, which).action(stage, name).log:
            break
        if ended:
            raise WrongUse(f"{stage}/{name} did not run in execution {which}")
        time.sleep(POLL_SECONDS)
    _print_appended(Path(log), has_ended)


def _print_appended(path: Path, has_ended: Callable[[], bool]) -> None:
    """Print a growing file until `has_ended` returns True; it is called before the last read, so no line is lost."""
    while not path.exists():
        if has_ended():
            return
        time.sleep(POLL_SECONDS)
    with path.open(errors="replace") as log:
        while True:
            last = has_ended()
            shutil.copyfileobj(log, sys.stdout)
            sys.stdout.flush()
            if last:
                return
            time.sleep(POLL_SECONDS)
