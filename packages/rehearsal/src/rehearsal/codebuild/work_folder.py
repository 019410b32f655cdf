"""The folder that one build works in, and what leads to it from the action's own."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rehearsal.codebuild.model import BuildFolders
from rehearsal.workspace.build_area import LINK, STARTED


@dataclass(frozen=True)
class WorkFolder:
    """links: where the links to the sources are, for those that look into a failed build."""

    folder: Path
    links: Path | None = None

    @classmethod
    def linked(cls, builds: Path, build_id: str, action: Path) -> Self:
        """For the build of an action; while the link exists, the folder is kept."""
        folder = builds / build_id.rpartition("-")[2]
        (action / LINK).symlink_to(folder / "build")
        folder.mkdir(parents=True)
        return cls(folder, action / "sources")

    @classmethod
    def unlinked(cls, builds: Path, build_id: str) -> Self:
        """For a build that no action started, which removes its folder itself."""
        folder = builds / (STARTED + build_id.rpartition("-")[2])
        folder.mkdir(parents=True)
        return cls(folder)

    def source(self, name: str) -> Path:
        """A path for a source, whose last parts are as in CodeBuild: `src<digits>/src`."""
        source = self.folder / f"src{secrets.randbelow(10**9):09}" / "src"
        source.parent.mkdir()
        if self.links:
            self.links.mkdir(exist_ok=True)
            (self.links / name).symlink_to(source)
        return source

    def folders(self, sources: Mapping[str, Path], caches: Path) -> BuildFolders:
        return BuildFolders(self.folder / "build", sources, caches)
