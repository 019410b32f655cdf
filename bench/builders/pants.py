"""Pants' target `python_aws_lambda_layer`, from requirements that Poetry exports.

Source: Pants documentation, "AWS Lambda", Building a Lambda layer. Not on PyPI since version 2.18: its launcher is a
program that fetches Pants from its releases, so it runs where `pants` is installed, and is skipped anywhere else.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.builders.builder import BuildFolders, Invalidation, Unavailable, export, run

_SETTINGS = """\
[GLOBAL]
pants_version = "{version}"
backend_packages = ["pants.backend.python", "pants.backend.awslambda.python"]
[python]
interpreter_constraints = ["CPython==3.13.*"]
"""
_TARGETS = """\
python_requirements(name="requirements")
python_aws_lambda_layer(name="layer", runtime="python3.13", dependencies=[":requirements"], include_sources=False)
"""


class Pants:
    """Pants, without its daemon; it zips as well."""

    name = "pants package"
    version = "2.25.0"
    complete = False

    def prepare(self, tool: Path) -> None:  # noqa: ARG002 - as all builders have it
        """Find its launcher; no registry that this bench may use has Pants."""
        if not shutil.which("pants"):
            raise Unavailable("there is no `pants` on PATH; PyPI has no release of it since 2.18")

    def invalidate(self, folders: BuildFolders, invalidation: Invalidation) -> None:
        """Remove the store of its cache, which has every step of a build."""
        if invalidation == "all":
            folders.clear()
        if invalidation in {"built", "one"}:
            shutil.rmtree(folders.caches / "pants" / "store", ignore_errors=True)
        if invalidation != "nothing":
            shutil.rmtree(folders.project / "dist", ignore_errors=True)

    def build(self, folders: BuildFolders) -> None:
        """Export, then package."""
        (folders.project / "pants.toml").write_text(_SETTINGS.format(version=self.version))
        (folders.project / "BUILD").write_text(_TARGETS)
        (folders.project / "requirements.txt").write_text(export(folders))
        caches = {"PANTS_LOCAL_STORE_DIR": "store", "PANTS_NAMED_CACHES_DIR": "named"}
        variables = {name: str(folders.caches / "pants" / folder) for name, folder in caches.items()}
        run(["pants", "--no-pantsd", "package", "//:layer"], folders.project, folders, **variables)

    def built_artifacts(self, folders: BuildFolders) -> list[Path]:
        """Return the zip of the layer."""
        return [folders.project / "dist" / "layer.zip"]
