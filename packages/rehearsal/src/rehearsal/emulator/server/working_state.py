"""The folder with MiniStack's state while the emulator runs: the saved state at its start, saved again at its end."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from rehearsal.emulator.server import state_version
from rehearsal.host.removal import remove_in_background
from rehearsal.workspace.build_area import STARTED, tmpdirs
from rehearsal.workspace.layout import Workspace


def prepare(workspace: Workspace, url: str) -> None:
    """Create the folder, with the saved state where an embedded AWS at `url` can use it.

    A saved state is moved into use, so that after a kill the next start does not resume an incomplete one. A state of
    another address cannot be used, because the URLs of its queues contain the address, nor one of another version.
    """
    state = workspace.running
    shutil.rmtree(state, ignore_errors=True)
    problem = state_version.reason_not_to_resume(workspace, url)
    if problem is None:
        workspace.saved.rename(state)
    else:
        if problem:
            print(f"the saved state of the embedded AWS is not used: {problem}", file=sys.stderr)
        shutil.rmtree(workspace.saved, ignore_errors=True)
        workspace.decisions.unlink(missing_ok=True)
    remove_in_background(*workspace.builds.glob(f"{STARTED}*"), *tmpdirs(workspace.builds))
    state.mkdir(exist_ok=True)
    state_version.describe(state, url)
    shutil.rmtree(temporary_folder(workspace), ignore_errors=True)
    temporary_folder(workspace).mkdir(parents=True)


def save(workspace: Workspace, unsaved: Sequence[str]) -> None:
    """Move the state to the saved one.

    unsaved: the services whose state MiniStack could not save. Raises OSError where there is one: no state is kept.
    """
    if unsaved:
        raise OSError(f"the state of {', '.join(unsaved)} could not be saved, so none is kept")
    workspace.running.rename(workspace.saved)
    shutil.rmtree(temporary_folder(workspace), ignore_errors=True)


def temporary_folder(workspace: Workspace) -> Path:
    """Return the folder for MiniStack's temporary files."""
    return workspace.aws / "tmp"
