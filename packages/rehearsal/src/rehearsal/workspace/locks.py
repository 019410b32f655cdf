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
    """Allow one `up` or `run` at a time, which snapshots, deploys and changes transitions. Raises WrongUse."""
    workspace.make()
    with _open_lock_file(workspace.home / "run.lock") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WrongUse(
                f"another `up` or `run` is at work in {workspace.root} (process {os.pread(file, 20, 0).decode()}): wait"
                " for its end, or follow it with `rehearse watch`; while `up` has it running, `git push"
                " rehearsal` starts further executions"
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        with _open_lock_file(workspace.home / "files.lock") as files:
            fcntl.flock(files, fcntl.LOCK_SH)
            yield


@contextmanager
def unused_files(workspace: Workspace) -> Iterator[bool]:
    """Yield whether no run uses files in the workspace. A run that starts inside the block waits for its end."""
    with _open_lock_file(workspace.home / "files.lock") as files:
        yield _try_lock(files, fcntl.LOCK_EX)


@contextmanager
def startup_lock(workspace: Workspace) -> Iterator[int]:
    """Wait until no other process starts or ends the workspace's embedded AWS; two of them would share one state.

    Yields the lock's file descriptor: a process that inherits it holds the lock too, until it closes it.
    """
    with _open_lock_file(workspace.home / "start.lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


@dataclass(frozen=True)
class UsageLock:
    """The lock of the users of an embedded AWS: shared by all users, exclusive for the last one, which ends it."""

    _file: int

    def share(self) -> None:
        """Become a user; wait while another process ends the embedded AWS."""
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def try_exclusive(self) -> bool:
        """Return whether no other process uses it; new users then wait until the caller releases the lock."""
        return _try_lock(self._file, fcntl.LOCK_EX)


@contextmanager
def usage_lock(workspace: Workspace) -> Iterator[UsageLock]:
    """Hold the shared lock of all users. Take and release it only while holding `startup_lock`."""
    with _open_lock_file(workspace.home / "use.lock") as file:
        yield UsageLock(file)


@contextmanager
def scratch_folder(workspace: Workspace, kind: str) -> Iterator[Path]:
    """Yield a new folder, and remove it after the block. If the process is killed, `stale_scratch_folders` lists it.

    kind: the prefix of its name; a folder of the kind `shell` is in the build area, outside the project.
    """
    workspace.make()
    with _open_lock_file(workspace.home / "scratch.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        parent = workspace.builds.parent if kind == "shell" else workspace.home
        folder = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=parent))
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        fcntl.flock(lock, fcntl.LOCK_UN)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)


@contextmanager
def stale_scratch_folders(workspace: Workspace, *kinds: str) -> Iterator[list[Path]]:
    """Yield the scratch folders that killed processes have left; no new one is created during the block."""
    with _open_lock_file(workspace.home / "scratch.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        parents = {workspace.home, workspace.builds.parent}
        folders = [folder for kind in kinds for parent in parents for folder in parent.glob(f"{kind}-*")]
        yield [folder for folder in folders if _is_unused(folder)]


def _is_unused(folder: Path) -> bool:
    """Return whether no process holds the folder's lock; False for a folder that has just been removed."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return _try_lock(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)


def _try_lock(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _open_lock_file(path: Path) -> Iterator[int]:
    """Open a lock file. It is never removed: a process could then lock a new file while another holds the old one."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield file
    finally:
        os.close(file)
