"""Killed and concurrent builds, and damaged caches: each leaves the old layers or the new ones, never a part."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lambda_layers.builder import cache
from lambda_layers.builder.project_build import build
from lambda_layers.builder.restore import Restored, restore_build
from tests.projects import Project
from tests.root import PACKAGE
from tests.wheels import House

# Exits when the n-th file is about to be moved into its place.
_DIES = """
import os, pathlib, sys
left = int(sys.argv[1])
def replace(self, target, real=pathlib.Path.replace):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    return real(self, target)
pathlib.Path.replace = replace
from lambda_layers.builder.project_build import build
build(pathlib.Path.cwd())
"""


def manifest(root: Path) -> dict[str, Any]:
    """Return layers.json, after checking the digest of every file in it."""
    found: dict[str, Any] = json.loads((root / "build" / "layers" / "layers.json").read_text())
    assert all(cache.sha256(root / layer["zip"]) == layer["sha256"] for layer in found["layers"])
    return found


@pytest.mark.gate
@pytest.mark.parametrize("moment", [3, 7])
def test_a_killed_build_leaves_the_old_layers(project: Project, house: House, moment: int) -> None:
    """A killed build leaves the previous layers and layers.json, and the next build succeeds."""
    house.wheel("base", "1.0")
    root = project.write({"main": ["base"]})
    build(root)
    before = manifest(root)
    house.wheel("base", "2.0")
    project.lock()
    done = subprocess.run([sys.executable, "-c", _DIES, str(moment)], cwd=root, env=_environment(), check=False)
    assert done.returncode == 9
    assert manifest(root) == before
    build(root)
    assert manifest(root)["layers"][0]["packages"][0]["version"] == "2.0"


def test_concurrent_builds_agree(project: Project, house: House) -> None:
    """Three concurrent builds of one project succeed with the same bytes."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _: _run(root), range(3)))
    assert [build.returncode for build in done] == [0, 0, 0], [build.stderr for build in done]
    assert len(manifest(root)["layers"]) == 1
    assert not [path.name for path in (root / "build" / "layers").iterdir() if path.name.startswith(".")]


@pytest.mark.gate
@pytest.mark.parametrize("damaged", ["files", "records"])
def test_a_damaged_cache_is_noticed(project: Project, house: House, tmp_path: Path, damaged: str) -> None:
    """Damaged cache files are detected by their digest, and the layers are built again."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    build(root)
    before = manifest(root)
    for path in (tmp_path / "cache" / "lambda-layers-pipeline" / "layers" / damaged).iterdir():
        path.write_bytes(path.read_bytes().replace(b"a", b"b", 1))
    (root / before["layers"][0]["zip"]).unlink()
    assert restore_build(root) is None
    build(root)
    assert manifest(root) == before


def test_a_damaged_layer_is_put_right(project: Project, house: House) -> None:
    """A damaged file in build/layers/ is restored from the cache."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    build(root)
    before = manifest(root)
    (root / before["layers"][0]["zip"]).write_bytes(b"changed")
    assert restore_build(root) == Restored([])
    assert manifest(root) == before


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PACKAGE)}


def _run(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lambda_layers", "build"]
    return subprocess.run(command, cwd=root, env=_environment(), check=False, capture_output=True, text=True)
