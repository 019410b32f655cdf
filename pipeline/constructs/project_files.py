"""The files of the project that the pipeline is made from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pipeline.constructs.tool_pins import Pins


@dataclass(frozen=True)
class Project:
    """Where things are: `functions` holds a folder per function, `layers` is the manifest of the built layers;
    `revision` is the push that is built."""

    buildspec: Path
    functions: Path
    layers: Path
    pins: Pins
    revision: str = "none"

    @classmethod
    def at(cls, root: Path) -> Project:
        """The project in the folder `root`."""
        return cls(
            buildspec=root / "buildspec.yml",
            functions=root / "lambda",
            layers=root / "build" / "layers" / "layers.json",
            pins=Pins.read(root / "package.json"),
            # CodeBuild says which push it builds; a synth by hand is of no revision.
            revision=os.environ.get("CODEBUILD_RESOLVED_SOURCE_VERSION", "none"),
        )
