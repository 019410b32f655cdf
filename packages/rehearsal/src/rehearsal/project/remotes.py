"""The bare repositories that git sources read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

REMOTE = "remote.git"


@dataclass(frozen=True)
class Remotes:
    """Paths of the bare repositories.

    project: the one of the rehearsed project. sources: the folder of the ones for `sources` in rehearsal.toml.
    """

    project: Path
    sources: Path

    def of(self, source: str) -> Path:
        """Return the bare repository that a source action reads."""
        separate = self.folder(source) / REMOTE
        return separate if separate.exists() else self.project

    def folder(self, source: str) -> Path:
        """Return the folder of a source action in `sources` of rehearsal.toml."""
        return self.sources / quote(source, safe="")
