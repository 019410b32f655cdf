"""`status`: the latest execution, replayed from its journal."""

from __future__ import annotations

from rich.console import Console

from rehearsal.engine import journal
from rehearsal.views.state import replay
from rehearsal.views.terminal import rows
from rehearsal.workspace import Workspace


def status(space: Workspace, console: Console) -> int:
    latest = space.latest()
    if latest is None:
        console.print("nothing was rehearsed yet: `python -m rehearsal run`")
        return 0
    view = replay(journal.read(space.journal(latest)))
    console.print(rows(view))
    interrupted = view.status == "InProgress" and not space.server()
    console.print(f"{'Interrupted' if interrupted else view.status} {view.summary}".strip())
    return 1 if view.status in {"Failed", "Stopped"} or interrupted else 0
