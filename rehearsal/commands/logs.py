"""`logs`: what an action printed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from rehearsal.engine import journal
from rehearsal.errors import WrongUse
from rehearsal.views.state import replay
from rehearsal.workspace import Workspace


def logs(space: Workspace, action: str | None) -> None:
    latest = space.latest()
    if latest is None:
        raise WrongUse("nothing was rehearsed yet: `python -m rehearsal run`")
    found = {
        f"{stage.name}/{each.name}": Path(each.log)
        for stage in replay(journal.read(space.journal(latest))).stages
        for each in stage.actions
        if each.log and Path(each.log).exists()
    }
    if action is None:
        for name, path in found.items():
            click.echo(f"{name}  {path.relative_to(space.root)}")
        return
    matching = [path for name, path in found.items() if name == action or name.partition("/")[2] == action]
    if len(matching) != 1:
        raise WrongUse(f"{action}: {len(matching)} actions have a log by that name; there are {', '.join(found)}")
    with matching[0].open(errors="replace") as log:
        shutil.copyfileobj(log, sys.stdout)
