"""The changes of a push: how a commit differs from the one that was pushed before it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rehearsal.project.git_repository import Repository, branch_head


@dataclass(frozen=True)
class PushChanges:
    """since: the commit of the last push; HEAD where it is not known any more. changes: in git's form `M path`."""

    since: str
    changes: list[str]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(change.partition(" ")[2] for change in self.changes)


def changes_since_push(repository: Repository, remote: Path, commit: str, branch: str) -> PushChanges:
    """Compare `commit` with the newest commit of `branch` in the bare repository `remote`."""
    before = branch_head(remote, branch)
    since = before.id if before and repository.has(before.id) else repository.head
    return PushChanges(since, repository.changes(since, commit))
