"""Hides the rehearsed project from builds, except the tools that are installed in it.

On AWS a build sees its source and its image, but no developer's working tree.
"""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

from rehearsal.host import command_runner
from rehearsal.host.helper_process import PACKAGES
from rehearsal.host.node import NodeNotFound, find_node
from rehearsal.workspace.layout import Workspace


def hide_project(workspace: Workspace) -> None:
    """Hide the project's repository, with its `.rehearsal/`, from every command that this process runs."""
    command_runner.hide(hidden_folder(workspace), *_shown(workspace))


def hidden_folder(workspace: Workspace) -> Path:
    """Return the folder to hide: the root of the project's repository.

    Without a repository it is the project's folder, also if builds or the home folder are inside it.
    """
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    for folder in (workspace.root, *workspace.root.parents):
        if (folder / ".git").exists() and not any(path.is_relative_to(folder) for path in (workspace.builds, home)):
            return folder
    return workspace.root


def _shown(workspace: Workspace) -> tuple[Path, ...]:
    """The visible folders: the interpreter, Node.js, this package, the TLS certificates, and the remote to clone."""
    tools = (Path(sys.base_prefix), *_node(), PACKAGES / "rehearsal")
    return (*tools, workspace.tls, workspace.remote, workspace.sources)


def _node() -> tuple[Path, ...]:
    try:
        return (find_node().folder,)
    except NodeNotFound:
        return ()
