"""The work folder of one build, and the links to it in the action's folder."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rehearsal.codebuild.model import BuildFolders
from rehearsal.workspace.build_area import LINK, STARTED, tmpdir_prefix


@dataclass(frozen=True)
class WorkFolder:
    """The work folder of a build. links: the folder for links to its sources, for users who inspect a failed build."""

    folder: Path
    links: Path | None = None

    @classmethod
    def linked(cls, builds: Path, build_id: str, action: Path) -> Self:
        """Create the folder for the build of an action, and a link to it; while the link exists, the folder is kept."""
        folder = builds / build_id.rpartition("-")[2]
        (action / LINK).symlink_to(folder / "build")
        folder.mkdir(parents=True)
        return cls(folder, action / "sources")

    @classmethod
    def unlinked(cls, builds: Path, build_id: str) -> Self:
        """Create the folder for a build of StartBuild, which removes its folder itself."""
        folder = builds / (STARTED + build_id.rpartition("-")[2])
        folder.mkdir(parents=True)
        return cls(folder)

    def source(self, name: str) -> Path:
        """Return a path for a source, which ends as on CodeBuild in `src<digits>/src`."""
        source = self.folder / f"src{secrets.randbelow(10**9):09}" / "src"
        source.parent.mkdir()
        if self.links:
            self.links.mkdir(exist_ok=True)
            (self.links / name).symlink_to(source)
        return source

    def folders(self, sources: Mapping[str, Path], caches: Path) -> BuildFolders:
        return BuildFolders(self.folder / "build", sources, caches, tmpdir_prefix=tmpdir_prefix(self.folder.parent))
