"""CDK's construct PythonLayerVersion, which bundles in Docker only.

Source: CDK documentation, "aws-lambda-python-alpha module": Docker is required; aws-cdk issue 18290 asks for bundling
without it.
"""

from __future__ import annotations

from pathlib import Path

from bench.builders.builder import BuildFolders, Invalidation, Unavailable


class Cdk:
    """A row in the tables that says why there are no figures: images come from registries that need no account here."""

    name = "PythonLayerVersion"
    version = "2 (alpha)"
    complete = False

    def prepare(self, tool: Path) -> None:  # noqa: ARG002 - as all builders have it
        """Refuse."""
        raise Unavailable("CDK bundles Python in Docker only, from an image that is pulled; there is no local bundling")

    def invalidate(self, folders: BuildFolders, invalidation: Invalidation) -> None:
        """Nothing is built."""

    def build(self, folders: BuildFolders) -> None:
        """Nothing is built."""

    def built_artifacts(self, folders: BuildFolders) -> list[Path]:  # noqa: ARG002 - as all builders have it
        """Return nothing."""
        return []
