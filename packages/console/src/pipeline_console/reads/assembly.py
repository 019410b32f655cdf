"""The paths of CDK constructs, from the cloud assembly in an artifact of the execution.

Source: AWS CDK, "cloud-assembly-schema"; the path is in the metadata `aws:cdk:path` of each resource.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import PurePosixPath

from pipeline_console.reads.artifacts import ZIP_ERRORS, S3File, candidates, read_member
from pipeline_console.reads.client import Aws, Json
from pipeline_console.views.waterfall import ActionRun

_MANIFEST, LARGEST, MOST = "manifest.json", 4_000_000, 200


def construct_path(aws: Aws, runs: tuple[ActionRun, ...], stack: str, logical_id: str) -> str:
    """Return the path of the construct that made a resource; empty where no artifact of the builds has it.

    Raises ReadFailed where an artifact cannot be read.
    """
    for run, artifact in candidates(runs):
        with suppress(*ZIP_ERRORS, KeyError, AttributeError, TypeError):
            if path := _path_in(S3File(aws, artifact, run.region), stack, logical_id):
                return path
    return ""


def _path_in(file: S3File, stack: str, logical_id: str) -> str:
    with zipfile.ZipFile(file) as assembly:
        for template in _templates(assembly, stack):
            resource: Json = _document(assembly, template)["Resources"].get(logical_id, {})
            if path := resource.get("Metadata", {}).get("aws:cdk:path"):
                return str(path)
    return ""


def _document(assembly: zipfile.ZipFile, name: str) -> Json:
    """Return a JSON file of the assembly; CloudFormation takes templates of at most 1 MB, manifests are larger."""
    document: Json = json.loads(read_member(assembly, name, LARGEST))
    return document


def _templates(assembly: zipfile.ZipFile, stack: str) -> Iterator[str]:
    """Yield the names of the templates of this stack; nested assemblies have a manifest each."""
    manifests = (name for name in assembly.namelist() if PurePosixPath(name).name == _MANIFEST)
    for name in islice(manifests, MOST):
        path = PurePosixPath(name)
        artifacts: dict[str, Json] = _document(assembly, name).get("artifacts", {})
        for id_, artifact in artifacts.items():
            properties = artifact.get("properties", {})
            if artifact.get("type") == "aws:cloudformation:stack" and properties.get("stackName", id_) == stack:
                yield str(path.parent / properties["templateFile"])
