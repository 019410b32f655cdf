"""The bare repositories that replace those of git sources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

REMOTE = "remote.git"


@dataclass(frozen=True)
class Remotes:
    """project: that of the rehearsed project. sources: the folder of those that sources with a separate tree have."""

    project: Path
    sources: Path

    def of(self, source: str) -> Path:
        """Return the one that a source action reads."""
        own = self.folder(source) / REMOTE
        return own if own.exists() else self.project

    def folder(self, source: str) -> Path:
        """Return the folder of a source that rehearsal.toml gives a separate tree."""
        return self.sources / quote(source, safe="")
