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
        """It is here already."""

    def invalidate(self, place: BuildFolders, gone: Invalidation) -> None:
        """Its cache keeps each package ready, and what the last builds made as a whole."""
        if gone == "nothing":
            return
        shutil.rmtree(place.project / "build", ignore_errors=True)
        kept = place.caches / "xdg" / "lambda-layers-pipeline" / "layers"
        if gone == "all":
            place.clear()
        elif gone == "built":
            for part in ("files", "records"):  # what it knows of verified downloads is with the downloads
                shutil.rmtree(kept / part, ignore_errors=True)
        else:  # layers are put together again, and code is compiled again
            for record in (kept / "records").iterdir():
                found: dict[str, Any] = json.loads(record.read_text().partition("\n")[2])
                own = "manifest" in found or "function" in found
                if own or (gone == "one" and found.get("name") == place.slice.changed):
                    record.unlink()

    def build(self, place: BuildFolders) -> None:
        """The command."""
        tools = place.project / ".tools"
        if not tools.exists():
            tools.symlink_to(ROOT / ".tools")
        run([sys.executable, "-m", "lambda_layers", "build"], place.project, place, PYTHONPATH=str(ROOT))

    def built_artifacts(self, place: BuildFolders) -> list[Path]:
        """The zips of layers.json."""
        found = json.loads((place.project / "build" / "layers" / "layers.json").read_text())
        return [place.project / layer["zip"] for layer in found["layers"]]
