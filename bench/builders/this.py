"""`lambda-layers build` of this tree."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from bench.builders.builder import ROOT, BuildFolders, Invalidation, run


class LayersBuilder:
    """This project's builder."""

    name = "lambda-layers"
    version = "this tree"
    complete = False

    def prepare(self, tool: Path) -> None:
        """Do nothing: it is installed already."""

    def invalidate(self, folders: BuildFolders, invalidation: Invalidation) -> None:
        """Remove its outputs, and the records of its cache: of packages, of whole layers and of functions' code."""
        if invalidation == "nothing":
            return
        shutil.rmtree(folders.project / "build", ignore_errors=True)
        cache = folders.caches / "xdg" / "lambda-layers-pipeline" / "layers"
        if invalidation == "all":
            folders.clear()
        elif invalidation == "built":
            for part in ("files", "records"):  # the records of verified downloads are with the downloads
                shutil.rmtree(cache / part, ignore_errors=True)
        else:  # layers are put together again, and code is compiled again
            for record in (cache / "records").iterdir():
                content: dict[str, Any] = json.loads(record.read_text().partition("\n")[2])
                is_layer_or_code = "manifest" in content or "function" in content
                if is_layer_or_code or (invalidation == "one" and content.get("name") == folders.slice.changed):
                    record.unlink()

    def build(self, folders: BuildFolders) -> None:
        """Run the command."""
        tools = folders.project / ".tools"
        if not tools.exists():
            tools.symlink_to(ROOT / ".tools")
        run([sys.executable, "-m", "lambda_layers", "build"], folders.project, folders, PYTHONPATH=str(ROOT))

    def built_artifacts(self, folders: BuildFolders) -> list[Path]:
        """Return the zips of layers.json."""
        manifest = json.loads((folders.project / "build" / "layers" / "layers.json").read_text())
        return [folders.project / layer["zip"] for layer in manifest["layers"]]
