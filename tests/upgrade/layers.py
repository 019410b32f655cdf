"""The built layers: their digests, and the inputs that decide them."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import tomllib
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.upgrade import recorded
from tests.upgrade.commands import ROOT, environment, run

NAME = "layers.json"
# inputs or layers, name
_DEPTH = 2
AGAIN = "if this is intended, record it: python tests/upgrade/record.py layers"
_PROJECT = ("dependencies", "optional-dependencies", "requires-python")
_MACHINE = ("python", "zlib")


def record() -> dict[str, Any]:
    """Return the recorded inputs and layers."""
    return recorded.read(NAME)


def present(cache: Path) -> dict[str, Any]:
    """Return the inputs, and the layers that are built from them with an empty `cache`."""
    return {"inputs": inputs(), "layers": build(cache)}


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return what differs, and how to record again; empty if nothing does. The compilers are not compared."""
    left, right = ({**layers, "inputs": _without_machine(layers["inputs"])} for layers in (old, new))
    report = list(recorded.differences(left, right, depth=_DEPTH))
    return [*report, AGAIN] if report else []


def inputs() -> dict[str, str]:
    """Return what decides the bytes of the layers: the lock, the settings, and the compilers of this machine."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    functions = {path.name for path in (ROOT / "lambda").iterdir()}
    groups = {name: group for name, group in pyproject["dependency-groups"].items() if name in functions}
    project = {name: pyproject["project"].get(name) for name in _PROJECT}
    settings = json.dumps([project, groups, pyproject["tool"]["layers"]], sort_keys=True)
    return {
        "poetry.lock": _digest((ROOT / "poetry.lock").read_bytes()),
        "pyproject.toml": _digest(settings.encode()),
        "python": platform.python_version(),
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
    }


def build(cache: Path) -> dict[str, Any]:
    """Build the layers with `make layers` and an empty `cache`; return name -> digest and size of each zip."""
    usual = environment()
    run(["make", "setup"], usual)
    # packages that uv downloaded before are verified by hash, so they may come from the usual cache
    packages = os.environ.get("UV_CACHE_DIR") or run(["uv", "cache", "dir"], usual).strip()
    run(["make", "layers"], environment(XDG_CACHE_HOME=str(cache), UV_CACHE_DIR=packages))
    return read(ROOT)


def read(root: Path) -> dict[str, Any]:
    """Return name -> digest and size of each layer that build/layers/layers.json of `root` names."""
    manifest = json.loads((root / "build" / "layers" / "layers.json").read_text())
    return {layer["name"]: _of(root / layer["zip"], layer) for layer in manifest["layers"]}


def other_machine(recorded: Mapping[str, str], present: Mapping[str, str]) -> str:
    """Return how this machine's compilers differ from the recorded ones; empty if they do not."""
    differ = [name for name in _MACHINE if recorded[name] != present[name]]
    return ", ".join(f"{name} {present[name]} in place of {recorded[name]}" for name in differ)


def _without_machine(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if name not in _MACHINE}


def _of(path: Path, layer: Mapping[str, Any]) -> dict[str, Any]:
    content = path.read_bytes()
    assert hashlib.sha256(content).hexdigest() == layer["sha256"], f"{path} is not what layers.json says"
    return {"sha256": _digest(content), "bytes": layer["bytes"], "functions": layer["functions"]}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
