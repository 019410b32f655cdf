"""The working trees that a pipeline's source actions read: the project's, and those in `sources` of rehearsal.toml."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rehearsal.errors import WrongUse
from rehearsal.project.configuration import FILE, Source
from rehearsal.project.git_repository import Repository, init_bare_repository
from rehearsal.project.remotes import REMOTE, Remotes


@dataclass(frozen=True)
class Tree:
    """A working tree; commit: the id of its snapshot. remote: the bare repository to push it to."""

    repository: Repository
    commit: str
    remote: Path

    def push(self, branch: str) -> None:
        self.repository.push(self.commit, self.remote, branch)

    def write_zip(self, file: Path) -> None:
        self.repository.write_zip(self.commit, file)


def own_repositories(root: Path, sources: Mapping[str, Source]) -> dict[str, Path]:
    """Return source action -> folder, for folders that are the root of a repository, from which users can push."""
    return {name: root / source.path for name, source in sources.items() if (root / source.path / ".git").exists()}


class SourceTrees:
    """The snapshots of the working trees; project: the one of the project's working tree.

    sources: `sources` of rehearsal.toml.
    """

    def __init__(self, root: Path, repository: Repository, sources: Mapping[str, Source], remotes: Remotes) -> None:
        self.project = Tree(repository, repository.snapshot(), remotes.project)
        self._root, self._sources, self._remotes = root, sources, remotes

    def of(self, source: str) -> Tree:
        """Return the working tree that a source action reads."""
        return self.repositories.get(source, self.project)

    def check_names(self, actions: Sequence[str]) -> None:
        """Raise WrongUse where rehearsal.toml has a source that is not in `actions`, the pipeline's source actions."""
        for name in self._sources:
            if name not in actions:
                raise WrongUse(f"{FILE}: sources.{name}: the pipeline has no such source; it has {', '.join(actions)}")

    @cached_property
    def repositories(self) -> Mapping[str, Tree]:
        """Source action -> its own working tree, for the entries of `sources`."""
        self._remove_others()
        return {name: self._read(name, source) for name, source in self._sources.items()}

    def _read(self, name: str, source: Source) -> Tree:
        folder = self._remotes.folder(name)
        folder.mkdir(parents=True, exist_ok=True)
        repository = Repository(self._root / source.path, folder)
        init_bare_repository(folder / REMOTE)
        return Tree(repository, repository.snapshot_of_folder(), folder / REMOTE)

    def _remove_others(self) -> None:
        """Remove the bare repositories of sources that rehearsal.toml does not have any more."""
        current = {self._remotes.folder(name) for name in self._sources}
        if self._remotes.sources.exists():
            for folder in self._remotes.sources.iterdir():
                if folder not in current:
                    shutil.rmtree(folder)
