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
        """Do nothing: uv is one of this project's tools."""

    def invalidate(self, folders: BuildFolders, invalidation: Invalidation) -> None:
        """Remove uv's downloads, and write the lock, so that its time is not measured.

        Locking fills uv's cache with wheels whose index has no metadata, so it comes before the cache is emptied.
        """
        self._lock(folders)
        if invalidation == "all":
            folders.clear()
        if invalidation != "nothing":
            shutil.rmtree(folders.project / "layer", ignore_errors=True)

    def _lock(self, folders: BuildFolders) -> None:
        folder = folders.project / "locked"
        if (folder / "uv.lock").exists():
            return
        folder.mkdir(exist_ok=True)
        (folder / "pyproject.toml").write_text(pinned_project(export(folders)))
        run([UV, "lock", "--quiet", "--python", sys.executable], folder, folders)

    def build(self, folders: BuildFolders) -> None:
        """Export and install; the folder is emptied first, as in a fresh clone."""
        self._lock(folders)
        layer = folders.project / "layer"
        shutil.rmtree(layer, ignore_errors=True)
        requirements = folders.project / "requirements.txt"
        frozen = [UV, "export", "--quiet", "--frozen", "--no-dev", "--no-editable", "--no-emit-project"]
        run([*frozen, "--output-file", str(requirements)], folders.project / "locked", folders)
        install = [UV, "pip", "install", "--quiet", "--no-installer-metadata", "--no-config"]
        install += ["--python", sys.executable]
        install += ["--python-platform", "x86_64-manylinux_2_34", "--target", "layer/python", "-r", str(requirements)]
        bytecode = "--compile-bytecode" if self.complete else "--no-compile-bytecode"
        run([*install, bytecode], folders.project, folders, PYC_INVALIDATION_MODE="UNCHECKED_HASH")
        if self.complete:
            run([sys.executable, "-c", ZIP, "layer.zip", "layer"], folders.project, folders)
            bill = ["--format", "cyclonedx1.5", "--output-file", str(folders.project / "sbom.json")]
            run([*frozen, "--preview-features", "sbom-export", *bill], folders.project / "locked", folders)

    def built_artifacts(self, folders: BuildFolders) -> list[Path]:
        """Return the folder, or the zip."""
        return [folders.project / ("layer.zip" if self.complete else "layer")]


class CompleteUvRecipe(UvRecipe):
    """The recipe with what this project's builder makes too, by uv's and Python's own means."""

    name = "uv export + uv pip install, completed"
    complete = True


def pinned_project(requirements: str) -> str:
    """Return a pyproject.toml that requires exactly the packages of an exported requirements file."""
    pins = [line.strip() for line in requirements.splitlines() if line.strip() and line[0] not in "#-"]
    lines = ['[project]\nname = "slice"\nversion = "1"\nrequires-python = ">=3.13,<3.14"']
    return "\n".join([*lines, f"dependencies = {json.dumps(pins)}", "[tool.uv]\npackage = false\n"])
