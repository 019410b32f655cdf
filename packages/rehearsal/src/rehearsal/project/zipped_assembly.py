"""Construct paths, read from the cloud assembly in an artifact's zip.

Source: AWS CDK, "cloud-assembly-schema"; the path is in the metadata `aws:cdk:path` of each resource.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile

from rehearsal.project.assembly_manifest import MANIFEST, Artifact


def construct_path(zip_file: Path, stack: str, logical_id: str) -> str:
    """Return the path of the construct that defines the resource; empty where the zip has no such stack or path."""
    with suppress(OSError, BadZipFile, ValueError, KeyError), ZipFile(zip_file) as assembly:
        for template in _templates(assembly, stack):
            resource = json.loads(assembly.read(template))["Resources"].get(logical_id, {})
            if path := resource.get("Metadata", {}).get("aws:cdk:path"):
                return str(path)
    return ""


def _templates(assembly: ZipFile, stack: str) -> Iterator[str]:
    """Yield the zip members with templates of this stack; each nested assembly has a separate manifest."""
    for name in assembly.namelist():
        path = PurePosixPath(name)
        if path.name != MANIFEST:
            continue
        artifacts: dict[str, Artifact] = json.loads(assembly.read(name)).get("artifacts", {})
        for id_, artifact in artifacts.items():
            properties = artifact.get("properties", {})
            if artifact.get("type") == "aws:cloudformation:stack" and properties.get("stackName", id_) == stack:
                yield str(path.parent / properties["templateFile"])
