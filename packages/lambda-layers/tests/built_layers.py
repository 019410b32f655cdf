"""The result of a build: layers.json and the zips that it names."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any


def made(root: Path) -> dict[str, Any]:
    """Return layers.json of a project."""
    manifest: dict[str, Any] = json.loads((root / "build" / "layers" / "layers.json").read_text())
    return manifest


def names(root: Path, layer: int) -> list[str]:
    """Return the names in a layer's zip."""
    return zipfile.ZipFile(root / made(root)["layers"][layer]["zip"]).namelist()
