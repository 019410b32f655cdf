"""The usual recipe: `poetry export --without-hashes`, then `pip install -t`, as a build step of cdk.json."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from bench.builders.builder import BuildFolders, Invalidation, base_path, export, run


class Recipe:
    """poetry export and pip install -t; CDK zips the folder when it publishes it, which is not counted."""

    name = "poetry export + pip install -t"
    version = "26.3"
    complete = False

    def __init__(self, *, compiles: bool = True) -> None:
        """Without `compiles` pip writes no bytecode."""
        self._options = () if compiles else ("--no-compile",)

    def prepare(self, tool: Path) -> None:
        """pip, pinned, in a separate environment."""
        run([sys.executable, "-m", "venv", str(tool)], tool, PATH=base_path())
        run([str(tool / "bin" / "python"), "-m", "pip", "install", "--quiet", f"pip=={self.version}"], tool)

    def invalidate(self, place: BuildFolders, gone: Invalidation) -> None:
        """It keeps nothing but pip's downloads."""
        if gone == "all":
            place.clear()
        if gone != "nothing":
            shutil.rmtree(place.project / "layer", ignore_errors=True)

    def build(self, place: BuildFolders) -> None:
        """The folder is emptied first, as the recipe does on every synth."""
        shutil.rmtree(place.project / "layer", ignore_errors=True)
        requirements = place.project / "requirements.txt"
        requirements.write_text(export(place))
        pip = [str(place.tool / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input"]
        run([*pip, *self._options, "-r", str(requirements), "-t", "layer/python"], place.project, place)

    def built_artifacts(self, place: BuildFolders) -> list[Path]:
        """The folder."""
        return [place.project / "layer"]
