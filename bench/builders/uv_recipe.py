"""uv's documented recipe for Lambda: `uv export`, then `uv pip install --target`, from a uv.lock with the slice's pins.

Source: uv's guide "Using uv with AWS Lambda", deploying a .zip archive with dependencies as a layer.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

from bench.builders.builder import ROOT, BuildFolders, Invalidation, export, run
from bench.builders.complete import ZIP

UV = str(ROOT / ".tools" / "bin" / "uv")


class UvRecipe:
    """The recipe as it is documented: a folder without bytecode, which CDK zips when it publishes it."""

    name = "uv export + uv pip install"
    version = re.findall(r"^uv==(\S+)", (ROOT / "requirements-tools.txt").read_text(), re.MULTILINE)[0]
    complete = False

    def prepare(self, tool: Path) -> None:
        """uv is one of this project's tools."""

    def invalidate(self, place: BuildFolders, gone: Invalidation) -> None:
        """It keeps nothing but uv's downloads. The lock is written here, so that its time is not measured.

        Locking fills uv's cache with wheels whose index has no metadata, so it comes before the cache is emptied.
        """
        self._lock(place)
        if gone == "all":
            place.clear()
        if gone != "nothing":
            shutil.rmtree(place.project / "layer", ignore_errors=True)

    def _lock(self, place: BuildFolders) -> None:
        folder = place.project / "locked"
        if (folder / "uv.lock").exists():
            return
        folder.mkdir(exist_ok=True)
        (folder / "pyproject.toml").write_text(pinned_project(export(place)))
        run([UV, "lock", "--quiet", "--python", sys.executable], folder, place)

    def build(self, place: BuildFolders) -> None:
        """The folder is emptied first, as a build from a fresh clone finds it."""
        self._lock(place)
        layer = place.project / "layer"
        shutil.rmtree(layer, ignore_errors=True)
        requirements = place.project / "requirements.txt"
        frozen = [UV, "export", "--quiet", "--frozen", "--no-dev", "--no-editable", "--no-emit-project"]
        run([*frozen, "--output-file", str(requirements)], place.project / "locked", place)
        install = [UV, "pip", "install", "--quiet", "--no-installer-metadata", "--no-config"]
        install += ["--python", sys.executable]
        install += ["--python-platform", "x86_64-manylinux_2_34", "--target", "layer/python", "-r", str(requirements)]
        bytecode = "--compile-bytecode" if self.complete else "--no-compile-bytecode"
        run([*install, bytecode], place.project, place, PYC_INVALIDATION_MODE="UNCHECKED_HASH")
        if self.complete:
            run([sys.executable, "-c", ZIP, "layer.zip", "layer"], place.project, place)
            bill = ["--format", "cyclonedx1.5", "--output-file", str(place.project / "sbom.json")]
            run([*frozen, "--preview-features", "sbom-export", *bill], place.project / "locked", place)

    def built_artifacts(self, place: BuildFolders) -> list[Path]:
        """The folder, or the zip."""
        return [place.project / ("layer.zip" if self.complete else "layer")]


class CompleteUvRecipe(UvRecipe):
    """The recipe with what this project's builder makes too, by uv's and Python's own means."""

    name = "uv export + uv pip install, completed"
    complete = True


def pinned_project(requirements: str) -> str:
    """A pyproject.toml that asks for exactly the packages of an exported requirements file."""
    pins = [line.strip() for line in requirements.splitlines() if line.strip() and line[0] not in "#-"]
    lines = ['[project]\nname = "slice"\nversion = "1"\nrequires-python = ">=3.13,<3.14"']
    return "\n".join([*lines, f"dependencies = {json.dumps(pins)}", "[tool.uv]\npackage = false\n"])
