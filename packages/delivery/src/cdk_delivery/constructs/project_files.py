"""The files of a project that the synthesis of its pipeline reads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import aws_lambda as lambda_
from lambda_layers.manifest import MANIFEST_PATH

from cdk_delivery.constructs.tool_pins import Pins
from cdk_delivery.layers import runtime_of
from cdk_delivery.project_config import ProjectConfig, read_config


@dataclass(frozen=True)
class Project:
    """The project in `root`.

    layers: the path of layers.json, the manifest of the built layers. revision: the commit that a build synthesizes.
    released: when that build began, in milliseconds since the epoch; 0 outside of a build.
    """

    root: Path
    config: ProjectConfig
    layers: Path
    pins: Pins
    revision: str = "none"
    released: int = 0

    @classmethod
    def at(cls, root: Path) -> Project:
        """Read the project in the folder `root`. Raises WrongUse for wrong settings in its pyproject.toml."""
        return cls(
            root=root,
            config=read_config(root),
            layers=root / MANIFEST_PATH,
            pins=Pins.read(root / "package.json"),
            # CodeBuild sets both variables; a synthesis outside of a build has neither.
            revision=os.environ.get("CODEBUILD_RESOLVED_SOURCE_VERSION", "none"),
            released=int(os.environ.get("CODEBUILD_START_TIME", "0")),
        )

    @property
    def buildspec(self) -> Path:
        """The buildspec of the synth build."""
        return self.root / "buildspec.yml"

    @property
    def runtime(self) -> lambda_.Runtime:
        """The runtime that the layers were built for."""
        return runtime_of(self.layers)
