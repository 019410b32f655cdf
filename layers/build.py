"""The build: lock -> slices -> installed folders -> zips -> layers.json."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from layers import archive, bytecode, export, interpreter, manifest, settings, slices
from layers.errors import WrongUse
from layers.install import install


def build(root: Path) -> Path:
    """Build every layer of the project in `root`; the path of the manifest."""
    target = settings.read(root / "pyproject.toml")
    folder = (root / manifest.WHERE).parent
    folder.mkdir(parents=True, exist_ok=True)
    built = [_layer(root, part, target, folder) for part in plan(root)]
    facts = {"python": target.python, "architecture": target.architecture}
    _replace(root / manifest.WHERE, (json.dumps({"target": facts, "layers": built}, indent=2) + "\n").encode())
    return root / manifest.WHERE


def plan(root: Path) -> list[slices.Slice]:
    """What goes into which layer, as the lock and the functions' folders say."""
    if not (root / "poetry.lock").exists():
        raise WrongUse(f"there is no poetry.lock in {root}; make it with `poetry lock` and commit it")
    named = tomllib.loads((root / "pyproject.toml").read_text()).get("dependency-groups", {})
    every = slices.functions(root)
    own = [function for function in every if function in named]
    with ThreadPoolExecutor() as pool:
        shared, *groups = pool.map(lambda group: export.export(root, group), ["main", *own])
    return slices.sliced(shared, dict(zip(own, groups, strict=True)), every)


def _layer(root: Path, part: slices.Slice, target: settings.Settings, folder: Path) -> dict[str, Any]:
    python = interpreter.find(target.python)
    with tempfile.TemporaryDirectory(prefix=f".{part.name}-", dir=folder) as scratch:
        content = Path(scratch) / "python"
        install(root, part, target, content, python or sys.executable)
        if python:
            bytecode.compile_all(python, content)
        made = Path(scratch) / "layer.zip"
        unzipped = archive.pack(content, made)
        digest = hashlib.sha256(made.read_bytes()).hexdigest()
        final = folder / f"{part.name}-{digest}.zip"
        made.replace(final)
    return {
        "name": part.name,
        "zip": final.relative_to(root).as_posix(),
        "sha256": digest,
        "bytes": final.stat().st_size,
        "unzipped_bytes": unzipped,
        "functions": list(part.functions),
        "packages": [{"name": pin.name, "version": pin.version} for pin in part.pins],
        "sbom": "",
    }


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)
