"""The remote `rehearsal` of the user's repository, and the hook with which a push to it starts the pipeline."""

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
    """Let `git push rehearsal` start the pipeline, also with what was pushed before.

    Returns why it won't, where the name is taken.
    """
    init_bare_repository(space.remote)
    stash_branches(space.remote)
    taken = _url(space)
    if taken not in (None, str(space.remote)):
        return f"the repository has a remote `{NAME}` already ({taken}); rename it for `git push {NAME}` to work"
    _write_hook(space)
    if taken is None:
        git("remote", "add", NAME, str(space.remote), cwd=space.root)
    # a rehearsal of the working tree has put a snapshot on the branch: a push replaces it
    git("config", "--replace-all", f"remote.{NAME}.push", "+refs/heads/*:refs/heads/*", cwd=space.root)
    return None


def remove(space: Workspace) -> None:
    """Take the remote and its hook away again; a remote of that name which is not this one stays."""
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
    hook, beside = _hook(space), _hook(space).with_suffix(".new")
    hook.parent.mkdir(exist_ok=True)
    quoted = {"root": shlex.quote(str(space.root)), "package": shlex.quote(str(helper_process.PACKAGES))}
    beside.write_text(
        _HOOK.format(
            silent=SKIP_HOOK_VARIABLE, name=program_name.command_name(), command=program_name.shell_command(), **quoted
        )
    )
    beside.chmod(0o755)
    beside.replace(hook)
    # the user's own setting would keep this hook from being run
    git("config", "core.hooksPath", str(hook.parent), cwd=space.remote)
