"""The project's git repository: snapshots of the working tree, and the bare repository that they are pushed to."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from rehearsal.errors import WrongUse
from rehearsal.project import source_files

# Ignore the user's and the machine's git configuration.
NO_CONFIGURATION = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
# Set for a push by the rehearsal, which starts the pipeline itself: the remote's hook then does nothing.
SKIP_HOOK_VARIABLE = "REHEARSAL_PUSHES"
BRANCHES = "refs/heads/"
# A commit needs an author; the user's name would claim that they committed this.
_IDENTITY = {
    "GIT_AUTHOR_NAME": "rehearsal",
    "GIT_AUTHOR_EMAIL": "rehearsal@localhost",
    "GIT_COMMITTER_NAME": "rehearsal",
    "GIT_COMMITTER_EMAIL": "rehearsal@localhost",
}
# The beginning of a snapshot's commit message; the message contains neither quotes nor line breaks.
SNAPSHOT_MESSAGE = "Working tree on "


@dataclass(frozen=True)
class Commit:
    """A commit. message: as git stores it. date: the author date; committed: the committer date (both ISO 8601)."""

    id: str
    author: str
    date: str
    message: str
    committed: str


class Repository:
    """The user's git repository. It is never changed: new objects are written to `scratch`.

    top: the root of the working tree. project: the CDK project's path in it. head: the commit id of HEAD.
    """

    def __init__(self, root: Path, scratch: Path) -> None:
        self.top, self.scratch = root, scratch
        if shutil.which("git") is None:
            raise WrongUse("git was not found on PATH; install it")
        self.top = Path(
            self._git("rev-parse", "--show-toplevel", why=f"{root} is in no git repository: `git init`, commit")
        )
        self.head = self._git("rev-parse", "--verify", "HEAD", why=f"{self.top} has no commit yet: make one first")
        self.project = root.resolve().relative_to(self.top.resolve())

    def branch(self) -> str | None:
        """Return the current branch; None where HEAD is detached."""
        try:
            return self._git("symbolic-ref", "--quiet", "--short", "HEAD")
        except WrongUse:
            return None

    def snapshot(self) -> str:
        """Return the id of a commit with the working tree's content, uncommitted and untracked files included.

        It is HEAD where nothing differs. The user's index, branches and object store are not changed. Raises WrongUse
        where a merge has left conflicts, because git would commit the conflict markers.
        """
        if unmerged := self._git("diff", "--name-only", "--diff-filter=U").splitlines():
            names = ", ".join(unmerged[:5]) + (f" and {len(unmerged) - 5} more" if len(unmerged) > 5 else "")
            raise WrongUse(
                f"{printable(names)}: a merge left conflicts; resolve them and `git add` the files, or abort it"
            )
        # A new index each time: a killed run may have left an index.lock.
        with tempfile.TemporaryDirectory(prefix="index-", dir=self.scratch) as folder:
            index = Path(folder) / "index"
            shutil.copyfile(self._git("rev-parse", "--path-format=absolute", "--git-path", "index"), index)
            env = {**self._scratch_objects(), "GIT_INDEX_FILE": str(index)}
            self._git("add", "--all", env=env)
            tree = self._git("write-tree", env=env)
        if tree == self._git("rev-parse", "HEAD^{tree}"):
            return self.head
        message = f"{SNAPSHOT_MESSAGE}{self.head[:12]}"
        return self._git("commit-tree", tree, "-p", "HEAD", "-m", message, env=env)

    def snapshot_of_folder(self) -> str:
        """Return the id of a commit with only the project's folder, without history.

        For a project at the root of the repository, it is `snapshot`. The same files have the same id, because the
        commit has the date of HEAD.
        """
        snapshot = self.snapshot()
        if self.project == Path():
            return snapshot
        env = self._scratch_objects()
        tree = self._git("rev-parse", f"{snapshot}:{self.project.as_posix()}", env=env)
        date = self._git("show", "--no-patch", "--format=%cI", "HEAD")
        env |= {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        return self._git("commit-tree", tree, "-m", f"{SNAPSHOT_MESSAGE}{self.head[:12]}", env=env)

    def changes(self, before: str, after: str) -> list[str]:
        """Return the differences between two commits or snapshots, in git's form `M path`."""
        env = self._scratch_objects()
        listed = self._git("diff", "--name-status", "--no-renames", "-z", before, after, "--", env=env)
        words = iter(listed.removesuffix("\0").split("\0") if listed else [])
        return [f"{kind} {path}" for kind, path in zip(words, words, strict=True)]

    def added_lines(self, before: str, after: str) -> list[str]:
        """Return the lines that `after` has and `before` has not, also of snapshots."""
        env = self._scratch_objects()
        listed = self._git("diff", "--unified=0", "--no-renames", "--no-ext-diff", before, after, "--", env=env)
        return [line[1:] for line in listed.splitlines() if line.startswith("+") and not line.startswith("+++ ")]

    def has(self, commit: str) -> bool:
        """Return whether the commit exists, in the user's repository or as a snapshot."""
        try:
            self._git("cat-file", "-e", f"{commit}^{{commit}}", env=self._scratch_objects())
        except WrongUse:
            return False
        return True

    def push(self, commit: str, remote: Path, branch: str) -> None:
        """Force-push `commit` to `branch` of the bare repository `remote`, without starting the pipeline.

        Raises WrongUse for a shallow clone.
        """
        init_bare_repository(remote)
        if self._git("rev-parse", "--is-shallow-repository") == "true":
            raise WrongUse(
                f"{self.top} is a shallow clone, as CI makes them by default: the remote of the rehearsal takes a whole"
                " history only. Run `git fetch --unshallow`; in GitHub's actions/checkout set `fetch-depth: 0`"
            )
        refspec = f"+{commit}:{BRANCHES}{branch}"
        env = {**self._scratch_objects(), SKIP_HOOK_VARIABLE: "yes"}
        self._git("push", "--quiet", "--no-verify", str(remote), refspec, env=env)

    def export(self, commit: str, folder: Path) -> None:
        """Write the files of a commit or snapshot into the new folder `folder`."""
        source_files.write_folder(self.top, commit, folder, self._scratch_objects())

    def write_zip(self, commit: str, zip_file: Path) -> None:
        """Write the files of a commit or snapshot to a zip file."""
        source_files.write_zip(self.top, commit, zip_file, self._scratch_objects())

    def _scratch_objects(self) -> dict[str, str]:
        objects = self.scratch / "objects"
        objects.mkdir(parents=True, exist_ok=True)
        return {"GIT_OBJECT_DIRECTORY": str(objects), "GIT_ALTERNATE_OBJECT_DIRECTORIES": self._objects}

    @cached_property
    def _objects(self) -> str:
        """The user's object store."""
        return self._git("rev-parse", "--path-format=absolute", "--git-path", "objects")

    def _git(self, *arguments: str, env: Mapping[str, str] | None = None, why: str = "") -> str:
        return git(*arguments, cwd=self.top, env=env, why=why)


def git(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None, why: str = "") -> str:
    """Run git and return its output. Raises WrongUse with `why`, else with git's own message.

    Bytes that are not UTF-8 become surrogates, which os.fsencode converts back.
    """
    command = ["git", *arguments]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_") or key.startswith("GIT_SSL")}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**clean, **_IDENTITY, **(env or {})},
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="surrogateescape",
    )
    if done.returncode:
        raise WrongUse(why or f"`{' '.join(command)}` in {cwd} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout.strip()


def printable(text: str) -> str:
    """Return the text with a replacement character for each byte that is not UTF-8."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


def init_bare_repository(remote: Path) -> None:
    """Create the bare repository `remote`, unless it exists."""
    if not remote.exists():
        git("init", "--quiet", "--bare", str(remote), cwd=remote.parent)


def stash_branches(remote: Path) -> None:
    """Move all branches of the bare repository `remote` to other refs, so that the next `git push` pushes them again.

    `branch_head` still finds them, until they are pushed.
    """
    for ref in git("for-each-ref", "--format=%(refname)", BRANCHES, cwd=remote).splitlines():
        git("update-ref", _stash_ref(ref.removeprefix(BRANCHES)), ref, cwd=remote)
        git("update-ref", "-d", ref, cwd=remote)


def pop_stashed_branch(remote: Path, branch: str) -> str | None:
    """Return the commit of a branch that `stash_branches` has moved, and forget it; None where there is none."""
    stashed = git("for-each-ref", "--format=%(objectname)", _stash_ref(branch), cwd=remote)
    if stashed:
        git("update-ref", "-d", _stash_ref(branch), cwd=remote)
    return stashed or None


def _stash_ref(branch: str) -> str:
    """The ref of a stashed branch; slashes are encoded, because the refs `a` and `a/b` cannot both exist."""
    return f"refs/rehearsal/{quote(branch, safe='')}"


def branch_head(remote: Path, branch: str) -> Commit | None:
    """Return the newest commit of `branch` in the bare repository `remote`; None where there is no such branch."""
    if remote.exists():
        for ref in (BRANCHES + branch, _stash_ref(branch)):
            if git("for-each-ref", ref, cwd=remote):
                return commit(remote, ref)
    return None


def commit(remote: Path, revision: str) -> Commit:
    """Return the commit `revision` of the bare repository `remote`."""
    output = git("show", "--no-patch", "--format=%H%x00%an%x00%aI%x00%B%x00%cI", revision, cwd=remote)
    fields = printable(output).split("\0")
    return Commit(id=fields[0], author=fields[1], date=fields[2], message=fields[3].strip(), committed=fields[4])


def changed_in_branch(remote: Path, destination: str, commit: str) -> list[str]:
    """Return the paths that `commit` changes since it left `destination`; all its paths without such a branch."""
    base = branch_head(remote, destination)
    if base is None:
        listed = git("ls-tree", "-r", "--name-only", "-z", commit, cwd=remote)
    else:
        listed = git("diff", "--name-only", "-z", f"{base.id}...{commit}", cwd=remote)
    return [path for path in listed.split("\0") if path]


def clone(remote: Path, revision: str, branch: str, folder: Path) -> None:
    """Clone the bare repository `remote`, with its history, into the new folder `folder`, and check out `revision`.

    branch: the name of the local branch. The user's git configuration is ignored, so no filter of it runs.
    """
    git("clone", "--quiet", "--no-checkout", str(remote), str(folder), cwd=remote, env=NO_CONFIGURATION)
    git("checkout", "--quiet", "-B", branch, revision, cwd=folder, env=NO_CONFIGURATION)
