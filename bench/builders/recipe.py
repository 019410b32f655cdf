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
        """Install a pinned pip into a separate environment."""
        run([sys.executable, "-m", "venv", str(tool)], tool, PATH=base_path())
        run([str(tool / "bin" / "python"), "-m", "pip", "install", "--quiet", f"pip=={self.version}"], tool)

    def invalidate(self, folders: BuildFolders, invalidation: Invalidation) -> None:
        """Remove pip's downloads, and the folder of the last build."""
        if invalidation == "all":
            folders.clear()
        if invalidation != "nothing":
            shutil.rmtree(folders.project / "layer", ignore_errors=True)

    def build(self, folders: BuildFolders) -> None:
        """Export and install; the folder is emptied first, as the recipe does on every synth."""
        shutil.rmtree(folders.project / "layer", ignore_errors=True)
        requirements = folders.project / "requirements.txt"
        requirements.write_text(export(folders))
        pip = [str(folders.tool / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input"]
        run([*pip, *self._options, "-r", str(requirements), "-t", "layer/python"], folders.project, folders)

    def built_artifacts(self, folders: BuildFolders) -> list[Path]:
        """Return the folder."""
        return [folders.project / "layer"]
