"""The remote `rehearsal` of the user's repository, and its post-receive hook, which starts the pipeline."""

from __future__ import annotations

import shlex
from pathlib import Path

from rehearsal import program_name
from rehearsal.errors import WrongUse
from rehearsal.host import helper_process
from rehearsal.project.git_repository import SKIP_HOOK_VARIABLE, git, init_bare_repository, stash_branches
from rehearsal.workspace.layout import Workspace

NAME = "rehearsal"
_HOOK = """\
#!/bin/sh
# Made by `{name} up`; `{name} down` takes it away.
[ -z "${silent}" ] || exit 0
unset GIT_DIR GIT_QUARANTINE_PATH
cd {root} && PYTHONPATH={package} exec {command} received
"""


def add(space: Workspace) -> str | None:
    """Add the remote and its hook, so that `git push rehearsal` starts the pipeline, also for commits pushed before.

    Returns a message where another remote has this name, else None.
    """
    init_bare_repository(space.remote)
    stash_branches(space.remote)
    url = _url(space)
    if url not in (None, str(space.remote)):
        return f"the repository has a remote `{NAME}` already ({url}); rename it for `git push {NAME}` to work"
    _write_hook(space)
    if url is None:
        git("remote", "add", NAME, str(space.remote), cwd=space.root)
    # Force pushes: the branch may be at a snapshot of the working tree, which is not in the user's history.
    git("config", "--replace-all", f"remote.{NAME}.push", "+refs/heads/*:refs/heads/*", cwd=space.root)
    return None


def remove(space: Workspace) -> None:
    """Remove the remote and its hook; a remote of this name with another URL stays."""
    _hook(space).unlink(missing_ok=True)
    if _url(space) == str(space.remote):
        git("remote", "remove", NAME, cwd=space.root)


def _url(space: Workspace) -> str | None:
    try:
        return git("config", "--get", f"remote.{NAME}.url", cwd=space.root)
    except WrongUse:
        return None


def _hook(space: Workspace) -> Path:
    return space.remote / "hooks" / "post-receive"


def _write_hook(space: Workspace) -> None:
    hook, temporary = _hook(space), _hook(space).with_suffix(".new")
    hook.parent.mkdir(exist_ok=True)
    quoted = {"root": shlex.quote(str(space.root)), "package": shlex.quote(str(helper_process.PACKAGES))}
    temporary.write_text(
        _HOOK.format(
            silent=SKIP_HOOK_VARIABLE, name=program_name.command_name(), command=program_name.shell_command(), **quoted
        )
    )
    temporary.chmod(0o755)
    temporary.replace(hook)
    # A core.hooksPath in the user's configuration would disable this hook.
    git("config", "core.hooksPath", str(hook.parent), cwd=space.remote)
