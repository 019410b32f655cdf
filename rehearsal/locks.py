"""Who may do what at a time in one workspace. The kernel lets a lock go with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rehearsal.errors import WrongUse
from rehearsal.workspace import Workspace


@contextmanager
def alone(workspace: Workspace) -> Iterator[None]:
    """Hold the working tree's way to the pipeline: snapshot, first deployment, transitions. Raises WrongUse."""
    workspace.make()
    with _opened(workspace.home / "run.lock") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WrongUse(
                f"another `up` or `run` is at work in {workspace.root} (process {os.pread(file, 20, 0).decode()}): wait"
                " for its end, or follow it with `python -m rehearsal watch`; while `up` has it running, `git push"
                " rehearsal` starts executions beside others"
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        yield


@contextmanager
def starting(workspace: Workspace) -> Iterator[int]:
    """Wait until nobody else starts or ends the workspace's embedded AWS; two would share one state.

    Gives the lock's descriptor: a process that inherits it holds the lock as well, until it closes it.
    """
    with _opened(workspace.home / "start.lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


@dataclass(frozen=True)
class Use:
    """The use of the workspace's embedded AWS, which ends with its last user: shared among them, or the last one's."""

    _file: int

    def share(self) -> None:
        """Wait for the end of one that ends."""
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def is_the_last(self) -> bool:
        """Whether nobody else uses it; who then ends it keeps others waiting until that is done."""
        return _got(self._file, fcntl.LOCK_EX)


@contextmanager
def using(workspace: Workspace) -> Iterator[Use]:
    """Of the users, who comes or leaves does so while it is `starting`, so that never two think of each other."""
    with _opened(workspace.home / "use.lock") as file:
        yield Use(file)


@contextmanager
def scratch(workspace: Workspace, kind: str) -> Iterator[Path]:
    """A new folder, which `unused` leaves alone until the block, or its process, has ended."""
    workspace.make()
    with _opened(workspace.home / "scratch.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=workspace.home))
        held = os.open(folder, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_SH)
        fcntl.flock(lock, fcntl.LOCK_UN)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)


@contextmanager
def unused(workspace: Workspace, *kinds: str) -> Iterator[list[Path]]:
    """The scratch folders that somebody who was killed has left; nobody makes one meanwhile."""
    with _opened(workspace.home / "scratch.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield [each for kind in kinds for each in workspace.home.glob(f"{kind}-*") if _is_unused(each)]


def _is_unused(folder: Path) -> bool:
    held = os.open(folder, os.O_RDONLY)
    try:
        return _got(held, fcntl.LOCK_EX)
    finally:
        os.close(held)


def _got(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """The file stays where it is: who removed it would let a third one in."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield file
    finally:
        os.close(file)
