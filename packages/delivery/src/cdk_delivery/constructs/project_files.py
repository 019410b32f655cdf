"""The files of a project that its pipeline is made from."""

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
    """The project in `root`; `layers` is the manifest of its built layers, `revision` the push that is built.

    released: when the build began, in milliseconds; 0 where no build synthesizes.
    """

    root: Path
    config: ProjectConfig
    layers: Path
    pins: Pins
    revision: str = "none"
    released: int = 0

    @classmethod
    def at(cls, root: Path) -> Project:
        """The project in the folder `root`. Raises WrongUse where its pyproject.toml is not in order."""
        return cls(
            root=root,
            config=read_config(root),
            layers=root / MANIFEST_PATH,
            pins=Pins.read(root / "package.json"),
            # CodeBuild says which push it builds; a synth by hand is of no revision.
            revision=os.environ.get("CODEBUILD_RESOLVED_SOURCE_VERSION", "none"),
            released=int(os.environ.get("CODEBUILD_START_TIME", "0")),
        )

    @property
    def buildspec(self) -> Path:
        """The commands of the build that synthesizes."""
        return self.root / "buildspec.yml"

    @property
    def runtime(self) -> lambda_.Runtime:
        """The runtime that the layers were built for."""
        return runtime_of(self.layers)
