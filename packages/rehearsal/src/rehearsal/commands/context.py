"""The context of every verb: the project around the current folder, and its running pipeline."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Concatenate

from rehearsal.deploy import first_deployment
from rehearsal.deploy.first_deployment import Deployment
from rehearsal.emulator.server import launcher
from rehearsal.errors import WrongUse
from rehearsal.workspace import layout
from rehearsal.workspace.layout import Workspace


def with_workspace[**P, R](verb: Callable[Concatenate[Workspace, P], R]) -> Callable[P, R]:
    """Give the verb the workspace of the project around the current folder, once its arguments are read."""

    @functools.wraps(verb)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        return verb(layout.find(Path.cwd()), *args, **kwargs)

    return called


def running_deployment(space: Workspace) -> Deployment:
    """The deployed pipeline of the embedded AWS that runs now. Raises WrongUse where nothing runs."""
    server = space.server()
    if server is None:
        raise WrongUse("no embedded AWS is running: `rehearse up` first")
    deployed = first_deployment.find(space, server.to_endpoint())
    if deployed is None:
        raise WrongUse("no pipeline is deployed: `rehearse up` first")
    return deployed


@contextmanager
def open_deployment(space: Workspace, port: int | None = None) -> Iterator[Deployment]:
    """The deployed pipeline, as a running embedded AWS or the saved state of one has it.

    Raises WrongUse where none was deployed yet.
    """
    if not (space.aws / "pipeline.json").exists():
        raise WrongUse("no pipeline is deployed: `rehearse up` first (or `run`)")
    with launcher.join_or_resume(space, port):
        yield running_deployment(space)


def resolve_execution(space: Workspace, wanted: str | None) -> str:
    """Return the one execution id that begins with `wanted`, or the latest. Raises WrongUse unless it is unique."""
    known = space.newest_first()
    if not known:
        raise WrongUse("nothing was rehearsed yet: `rehearse run`")
    if wanted is None:
        return known[0]
    found = [each for each in known if each.startswith(wanted)]
    if len(found) != 1:
        raise WrongUse(
            f"{wanted}: {len(found) or 'no'} executions have an id that begins so; `rehearse history` lists them"
        )
    return found[0]
