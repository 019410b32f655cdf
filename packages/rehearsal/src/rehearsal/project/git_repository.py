"""The project's repository: a commit of the working tree outside its history, and the remote that takes it."""

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

# Neither the user's configuration nor the machine's.
NO_CONFIGURATION = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
# In the environment of a push: who pushes starts the pipeline by itself, and the remote's hook need not.
SKIP_HOOK_VARIABLE = "REHEARSAL_PUSHES"
BRANCHES = "refs/heads/"
# The message of a snapshot: no person wrote it, so it has neither quotes nor line breaks.
SNAPSHOT_MESSAGE = "Working tree on "


@dataclass(frozen=True)
class Commit:
    """One revision, as the source action reports it; `date` is its author's, `committed` its committer's."""

    id: str
    author: str
    date: str
    message: str
    committed: str


class Repository:
    """A git repository of the user's, which is only read: what is made here lies in `scratch`.

    top: its root. project: where in it the CDK project lies.
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

    def snapshot(self) -> str:
        """The id of a commit that holds the working tree as it is, uncommitted and untracked files included.

        HEAD itself where nothing differs. The user's index, branches and object store stay as they are. Raises
        WrongUse where a merge left conflicts: git would take their marks as the files' text.
        """
        if unmerged := self._git("diff", "--name-only", "--diff-filter=U").splitlines():
            names = ", ".join(unmerged[:5]) + (f" and {len(unmerged) - 5} more" if len(unmerged) > 5 else "")
            raise WrongUse(
                f"{printable(names)}: a merge left conflicts; resolve them and `git add` the files, or abort it"
            )
        # a new one each time: a killed run may have left its lock next to the old one
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

    def changes(self, before: str, after: str) -> list[str]:
        """Return the differences between two commits, also snapshots: `M path` a line, as git says it."""
        env = self._scratch_objects()
        listed = self._git("diff", "--name-status", "--no-renames", "-z", before, after, "--", env=env)
        words = iter(listed.removesuffix("\0").split("\0") if listed else [])
        return [f"{kind} {path}" for kind, path in zip(words, words, strict=True)]

    def has(self, commit: str) -> bool:
        """Whether the commit is known here, as one of the user's or as a snapshot."""
        try:
            self._git("cat-file", "-e", f"{commit}^{{commit}}", env=self._scratch_objects())
        except WrongUse:
            return False
        return True

    def push(self, commit: str, remote: Path, branch: str) -> None:
        """Make `branch` of the bare repository `remote` point at `commit`, whatever it pointed at; no hook is run."""
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
        """Unpack the files of `commit`, a snapshot perhaps, into the new folder `folder`."""
        source_files.write_folder(self.top, commit, folder, self._scratch_objects())

    def _scratch_objects(self) -> dict[str, str]:
        objects = self.scratch / "objects"
        objects.mkdir(parents=True, exist_ok=True)
        return {"GIT_OBJECT_DIRECTORY": str(objects), "GIT_ALTERNATE_OBJECT_DIRECTORIES": self._objects}

    @cached_property
    def _objects(self) -> str:
        """The user's own object store."""
        return self._git("rev-parse", "--path-format=absolute", "--git-path", "objects")

    def _git(self, *arguments: str, env: Mapping[str, str] | None = None, why: str = "") -> str:
        return git(*arguments, cwd=self.top, env=env, why=why)


def git(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None, why: str = "") -> str:
    """Run git and return what it prints; raises WrongUse with git's own words and `why`.

    A name that is not UTF-8 comes as Python's own file names do, which os.fsencode turns back.
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
    """With a replacement for each byte that is not UTF-8."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


def init_bare_repository(remote: Path) -> None:
    """Make the bare repository `remote`, unless it is there."""
    if not remote.exists():
        git("init", "--quiet", "--bare", str(remote), cwd=remote.parent)


def stash_branches(remote: Path) -> None:
    """Keep the branches of the bare repository `remote` where no push finds them, so that git has them to push again.

    `branch_head` still knows them, until they are pushed.
    """
    for ref in git("for-each-ref", "--format=%(refname)", BRANCHES, cwd=remote).splitlines():
        git("update-ref", _stash_ref(ref.removeprefix(BRANCHES)), ref, cwd=remote)
        git("update-ref", "-d", ref, cwd=remote)


def pop_stashed_branch(remote: Path, branch: str) -> str | None:
    """The commit of a branch that was set aside, which it is no more."""
    kept = git("for-each-ref", "--format=%(objectname)", _stash_ref(branch), cwd=remote)
    if kept:
        git("update-ref", "-d", _stash_ref(branch), cwd=remote)
    return kept or None


def _stash_ref(branch: str) -> str:
    """In one folder, where `a` and `a/b` do not exclude each other."""
    return f"refs/rehearsal/{quote(branch, safe='')}"


def branch_head(remote: Path, branch: str) -> Commit | None:
    """The newest commit of `branch` in the bare repository `remote`; None where there is no such branch."""
    if remote.exists():
        for ref in (BRANCHES + branch, _stash_ref(branch)):
            if git("for-each-ref", ref, cwd=remote):
                return commit(remote, ref)
    return None


def commit(remote: Path, revision: str) -> Commit:
    """Return git's data of `revision` in the bare repository `remote`."""
    told = git("show", "--no-patch", "--format=%H%x00%an%x00%aI%x00%B%x00%cI", revision, cwd=remote)
    fields = printable(told).split("\0")
    return Commit(id=fields[0], author=fields[1], date=fields[2], message=fields[3].strip(), committed=fields[4])


def clone(remote: Path, revision: str, branch: str, folder: Path) -> None:
    """Clone the bare repository `remote` into the new folder `folder`, with its history, `branch` at `revision`.

    The user's own configuration of git counts as little as it does on CodeBuild: its filters are not run.
    """
    git("clone", "--quiet", "--no-checkout", str(remote), str(folder), cwd=remote, env=NO_CONFIGURATION)
    git("checkout", "--quiet", "-B", branch, revision, cwd=folder, env=NO_CONFIGURATION)


# A commit needs an author; the user's name would claim that they committed this.
_IDENTITY = {
    "GIT_AUTHOR_NAME": "rehearsal",
    "GIT_AUTHOR_EMAIL": "rehearsal@localhost",
    "GIT_COMMITTER_NAME": "rehearsal",
    "GIT_COMMITTER_EMAIL": "rehearsal@localhost",
}
