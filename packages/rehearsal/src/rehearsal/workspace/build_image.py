"""The image that builds run in, as `run` and `up` pass it to an embedded AWS that may already run."""

from __future__ import annotations

from dataclasses import dataclass

from rehearsal.host.atomic_write import write_text
from rehearsal.workspace.layout import Workspace


@dataclass(frozen=True)
class BuildImageFile:
    """The file with the image; without one, builds use this machine's tools."""

    space: Workspace

    def write(self, image: str) -> None:
        """Set the image; an empty one means this machine's tools."""
        if image != self.read():
            write_text(self.space.build_image, image)

    def read(self) -> str:
        return self.space.build_image.read_text() if self.space.build_image.exists() else ""
