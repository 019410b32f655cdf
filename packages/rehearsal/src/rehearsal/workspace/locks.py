"""Locks of one workspace. The kernel releases a lock when its process ends, in whatever way."""

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
from rehearsal.workspace.layout import Workspace


@contextmanager
def exclusive_run(workspace: Workspace) -> Iterator[None]:
    """Hold the working tree's way to the pipeline: snapshot, first deployment, transitions. Raises WrongUse."""
    workspace.make()
    with _open_lock_file(workspace.home / "run.lock") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WrongUse(
                f"another `up` or `run` is at work in {workspace.root} (process {os.pread(file, 20, 0).decode()}): wait"
                " for its end, or follow it with `rehearse watch`; while `up` has it running, `git push"
                " rehearsal` starts executions beside others"
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        with _open_lock_file(workspace.home / "files.lock") as files:
            fcntl.flock(files, fcntl.LOCK_SH)
            yield


@contextmanager
def unused_files(workspace: Workspace) -> Iterator[bool]:
    """Whether no run uses its files in the workspace. A run that begins inside the block waits, and is not refused."""
    with _open_lock_file(workspace.home / "files.lock") as files:
        yield _try_lock(files, fcntl.LOCK_EX)


@contextmanager
def startup_lock(workspace: Workspace) -> Iterator[int]:
    """Wait until no other process starts or ends the workspace's embedded AWS; two would share one state.

    Gives the lock's descriptor: a process that inherits it holds the lock as well, until it closes it.
    """
    with _open_lock_file(workspace.home / "start.lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


@dataclass(frozen=True)
class UsageLock:
    """The use of the workspace's embedded AWS, which ends with its last user: shared among them, or the last one's."""

    _file: int

    def share(self) -> None:
        """Wait for the end of one that ends."""
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def try_exclusive(self) -> bool:
        """Whether no other process uses it; others then wait until the caller has ended it."""
        return _try_lock(self._file, fcntl.LOCK_EX)


@contextmanager
def usage_lock(workspace: Workspace) -> Iterator[UsageLock]:
    """Hold the shared lock of all users. Take and release it only while holding `startup_lock`."""
    with _open_lock_file(workspace.home / "use.lock") as file:
        yield UsageLock(file)


@contextmanager
def scratch_folder(workspace: Workspace, kind: str) -> Iterator[Path]:
    """A new folder, which `stale_scratch_folders` skips until the block, or its process, has ended.

    That of a shell is outside the project, as builds are.
    """
    workspace.make()
    with _open_lock_file(workspace.home / "scratch.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        parent = workspace.builds.parent if kind == "shell" else workspace.home
        folder = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=parent))
        held = os.open(folder, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_SH)
        fcntl.flock(lock, fcntl.LOCK_UN)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)


@contextmanager
def stale_scratch_folders(workspace: Workspace, *kinds: str) -> Iterator[list[Path]]:
    """The scratch folders of killed processes; none is created inside the block."""
    with _open_lock_file(workspace.home / "scratch.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        parents = {workspace.home, workspace.builds.parent}
        left = [folder for kind in kinds for parent in parents for folder in parent.glob(f"{kind}-*")]
        yield [folder for folder in left if _is_unused(folder)]


def _is_unused(folder: Path) -> bool:
    """Whether no process works in it. One that has just been removed is not there to be unused."""
    try:
        held = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return _try_lock(held, fcntl.LOCK_EX)
    finally:
        os.close(held)


def _try_lock(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _open_lock_file(path: Path) -> Iterator[int]:
    """The file stays where it is: who removed it would let a third one in."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield file
    finally:
        os.close(file)
