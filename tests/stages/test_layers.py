"""A layer is what its digest says, so that the same lock deploys no new version."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from aws_cdk import App, Stack
from aws_cdk.assertions import Template

from cdk_delivery.constructs.project_files import Project
from cdk_delivery.layers import BuiltLayers


def keys(project: Project) -> dict[str, Any]:
    """Where the bytes of each layer are published, by its logical id."""
    stack = Stack(App(analytics_reporting=False), "Stack")
    BuiltLayers(stack, "Layers", manifest=project.layers)
    layers = Template.from_stack(stack).find_resources("AWS::Lambda::LayerVersion")
    return {id_: layer["Properties"]["Content"]["S3Key"] for id_, layer in layers.items()}


def copied(project: Project, folder: Path) -> tuple[Project, dict[str, Any]]:
    """The project with its layers in another folder, and their manifest."""
    shutil.copytree(project.layers.parent, folder)
    return replace(project, layers=folder / project.layers.name), json.loads(project.layers.read_text())


def test_the_digest_alone_names_the_asset(project: Project, tmp_path: Path) -> None:
    """Not the folder, nor what CDK makes of the file."""
    other, built = copied(project, tmp_path / "layers")
    (other.layers.parent / built["layers"][0]["zip"]).write_bytes(b"PK\x05\x06" + bytes(18))
    assert keys(other) == keys(project)


def test_another_digest_is_another_asset(project: Project, tmp_path: Path) -> None:
    """Of that layer alone."""
    other, built = copied(project, tmp_path / "layers")
    built["layers"][0]["sha256"] = "0" * 64
    other.layers.write_text(json.dumps(built))
    before, after = keys(project), keys(other)
    assert [id_ for id_ in before if before[id_] != after.get(id_)] == [id_ for id_ in before if "shared" in id_]
