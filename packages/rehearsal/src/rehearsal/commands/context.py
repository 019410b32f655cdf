"""The context of every command: the project around the current folder, and its running pipeline."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Concatenate

from rehearsal.aws import Endpoint
from rehearsal.deploy import deployment, failed_deployment
from rehearsal.deploy.deployment import Deployment
from rehearsal.emulator.server import launcher
from rehearsal.errors import RehearsalError, WrongUse
from rehearsal.workspace import layout
from rehearsal.workspace.layout import Workspace


def with_workspace[**P, R](verb: Callable[Concatenate[Workspace, P], R]) -> Callable[P, R]:
    """Decorator that passes the workspace of the project around the current folder. The verb may raise WrongUse."""

    @functools.wraps(verb)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        return verb(layout.find(Path.cwd()), *args, **kwargs)

    return called


def running_endpoint(space: Workspace) -> Endpoint:
    """Return the running embedded AWS. Raises WrongUse where there is none."""
    server = space.server()
    if server is None and failed_deployment.read(space):
        raise WrongUse(
            "no embedded AWS is running: the first deployment failed (`rehearse why`), and `run` has ended it;"
            " `rehearse up` deploys again, and leaves it running also where that fails"
        )
    if server is None:
        raise WrongUse("no embedded AWS is running: `rehearse up` first")
    return server.to_endpoint()


def running_deployment(space: Workspace) -> Deployment:
    """Return the deployed pipeline of the running embedded AWS. Raises WrongUse where there is none."""
    deployed = deployment.find(space, running_endpoint(space))
    if deployed is None:
        raise WrongUse("no pipeline is deployed: `rehearse up` first")
    return deployed


def require_deployed(space: Workspace) -> None:
    """Raise WrongUse where no pipeline was deployed yet."""
    if not space.pipeline_record.exists():
        raise WrongUse("no pipeline is deployed: `rehearse up` first (or `run`)")


@contextmanager
def open_deployment(space: Workspace, port: int | None = None) -> Iterator[Deployment]:
    """Yield the deployed pipeline of the running embedded AWS; start it from its saved state where none runs.

    Raises WrongUse where no pipeline was deployed yet.
    """
    require_deployed(space)
    with launcher.join_or_resume(space, port):
        yield running_deployment(space)


def resolve_execution(space: Workspace, prefix: str | None) -> str:
    """Return the execution id that begins with `prefix`; None: the latest. Raises WrongUse unless it is unique.

    Raises RehearsalError where a first deployment has failed since the latest one.
    """
    known = space.newest_first()
    if prefix is None and (failure := failed_deployment.read(space)):
        raise RehearsalError(f"the first deployment failed: {failure}")
    if not known:
        raise WrongUse("nothing was rehearsed yet: `rehearse run`")
    if prefix is None:
        return known[0]
    matches = [id_ for id_ in known if id_.startswith(prefix)]
    if len(matches) != 1:
        raise WrongUse(
            f"{prefix}: {len(matches) or 'no'} executions have an id that begins so; `rehearse history` lists them"
        )
    return matches[0]
