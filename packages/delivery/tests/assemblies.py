"""Handwritten cloud assemblies, with the files that `cdk synth` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_assembly(folder: Path, **stacks: Mapping[str, Any]) -> Path:
    """Write an assembly with a template for each stack, and return the folder. Resources are by logical id."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.json"
    artifacts = json.loads(manifest.read_text())["artifacts"] if manifest.exists() else {}
    for name, resources in stacks.items():
        file = f"{name}.template.json"
        (folder / file).write_text(json.dumps({"Resources": resources}))
        artifacts[name] = {"type": "aws:cloudformation:stack", "properties": {"templateFile": file}}
    manifest.write_text(json.dumps({"artifacts": artifacts}))
    return folder


def write_stage(folder: Path, name: str, **stacks: Mapping[str, Any]) -> Path:
    """Write a nested assembly, add it to the manifest of the assembly in `folder`, and return its folder."""
    write_assembly(folder)
    manifest = folder / "manifest.json"
    artifacts = json.loads(manifest.read_text())["artifacts"]
    artifacts[name] = {"type": "cdk:cloud-assembly", "properties": {"directoryName": name}}
    manifest.write_text(json.dumps({"artifacts": artifacts}))
    return write_assembly(folder / name, **stacks)
