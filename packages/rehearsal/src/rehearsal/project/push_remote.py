"""The remote `rehearsal` of the user's repositories, and its post-receive hook, which starts the pipeline."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from rehearsal import program_name
from rehearsal.errors import WrongUse
from rehearsal.host import helper_process
from rehearsal.host.atomic_write import write_text
from rehearsal.project.git_repository import SKIP_HOOK_VARIABLE, git, init_bare_repository, stash_branches
from rehearsal.project.remotes import REMOTE, Remotes
from rehearsal.workspace.layout import Workspace

NAME = "rehearsal"
NO_SOURCES: Mapping[str, Path] = MappingProxyType({})
_HOOK = """\
#!/bin/sh
# Created by `{name} up`; `{name} down` removes it.
[ -z "${skip}" ] || exit 0
unset GIT_DIR GIT_QUARANTINE_PATH
cd {root} && PYTHONPATH={package} exec {command} received{source}
"""


@dataclass(frozen=True)
class PushRemote:
    """The remote of one of the user's repositories.

    root: the repository's folder. remote: the bare repository that it pushes to. source: the source action that reads
    it; empty for the project's repository.
    """

    root: Path
    remote: Path
    source: str = ""


def add(space: Workspace, sources: Mapping[str, Path] = NO_SOURCES) -> str | None:
    """Add the remote and its hook, so that `git push rehearsal` starts the pipeline, also for commits pushed before.

    sources: source action -> folder of its repository. Returns a message where another remote has this name, else
    None.
    """
    refusals = [_add(space, push_remote) for push_remote in _push_remotes(space, sources)]
    return "; ".join(filter(None, refusals)) or None


def remove(space: Workspace, sources: Mapping[str, Path] = NO_SOURCES) -> None:
    """Remove the remotes and their hooks; a remote of this name with another URL stays."""
    for push_remote in _push_remotes(space, sources):
        _hook(push_remote).unlink(missing_ok=True)
        if _url(push_remote) == str(push_remote.remote):
            git("remote", "remove", NAME, cwd=push_remote.root)


def _push_remotes(space: Workspace, sources: Mapping[str, Path]) -> list[PushRemote]:
    remotes = Remotes(space.remote, space.sources)
    others = [PushRemote(root, remotes.folder(name) / REMOTE, name) for name, root in sources.items()]
    return [PushRemote(space.root, space.remote), *others]


def _add(space: Workspace, push_remote: PushRemote) -> str | None:
    push_remote.remote.parent.mkdir(parents=True, exist_ok=True)
    init_bare_repository(push_remote.remote)
    stash_branches(push_remote.remote)
    url = _url(push_remote)
    if url not in (None, str(push_remote.remote)):
        where = f" {push_remote.root}" if push_remote.source else ""
        return f"the repository{where} has a remote `{NAME}` already ({url}); rename it for `git push {NAME}` to work"
    _write_hook(space, push_remote)
    if url is None:
        git("remote", "add", NAME, str(push_remote.remote), cwd=push_remote.root)
    # Force pushes: the branch may be at a snapshot of the working tree, which is not in the user's history.
    git("config", "--replace-all", f"remote.{NAME}.push", "+refs/heads/*:refs/heads/*", cwd=push_remote.root)
    return None


def _url(push_remote: PushRemote) -> str | None:
    try:
        return git("config", "--get", f"remote.{NAME}.url", cwd=push_remote.root)
    except WrongUse:
        return None


def _hook(push_remote: PushRemote) -> Path:
    return push_remote.remote / "hooks" / "post-receive"


def _write_hook(space: Workspace, push_remote: PushRemote) -> None:
    hook = _hook(push_remote)
    hook.parent.mkdir(exist_ok=True)
    script = _HOOK.format(
        skip=SKIP_HOOK_VARIABLE,
        name=program_name.command_name(),
        command=program_name.shell_command(),
        source=f" --source {shlex.quote(push_remote.source)}" if push_remote.source else "",
        root=shlex.quote(str(space.root)),
        package=shlex.quote(str(helper_process.PACKAGES)),
    )
    write_text(hook, script, mode=0o755)
    # A core.hooksPath in the user's configuration would disable this hook.
    git("config", "core.hooksPath", str(hook.parent), cwd=push_remote.remote)
