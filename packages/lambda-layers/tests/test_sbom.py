"""The bill of materials: what really was installed, its licences and hashes."""

from __future__ import annotations

import json
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from packaging.tags import parse_tag

from lambda_layers.builder.command import build
from lambda_layers.builder.installed import InstalledPackage
from lambda_layers.builder.sbom import installed_wheel
from tests.projects import Project
from tests.wheels import House


def bill(root: Path) -> dict[str, Any]:
    """The bill of the first layer."""
    layer = json.loads((root / "build" / "layers" / "layers.json").read_text())["layers"][0]
    found: dict[str, Any] = json.loads((root / layer["sbom"]).read_text())
    assert found["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": layer["sha256"]}]
    return found


def test_every_package_has_its_licence_and_the_hash_of_its_wheel(project: Project, house: House) -> None:
    """As CycloneDX, with who needs whom, and without a time."""
    base = house.wheel("base", requires=["other"])
    house.wheel("other", headers="Classifier: License :: OSI Approved :: BSD License\n")
    root = project.write({"main": ["base"]})
    build(root)
    found = bill(root)
    assert (found["bomFormat"], found["specVersion"], "timestamp" in found["metadata"]) == ("CycloneDX", "1.6", False)
    first, second = found["components"]
    assert first["hashes"] == [{"alg": "SHA-256", "content": base.sha256}]
    assert (first["purl"], first["licenses"]) == ("pkg:pypi/base@1.0", [{"license": {"id": "MIT"}}])
    assert second["licenses"] == [{"license": {"name": "BSD License"}}]
    assert {"ref": "base==1.0", "dependsOn": ["other==1.0"]} in found["dependencies"]


@pytest.mark.parametrize(
    ("tag", "file"),
    [
        ("py3-none-any", "a-1-py3-none-any.whl"),
        ("cp313-cp313-manylinux_2_17_x86_64", "a-1-cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"),
        ("cp39-abi3-linux_x86_64", None),
    ],
)
def test_the_wheel_is_known_by_its_tags(tag: str, file: str | None) -> None:
    """Of all files that the lock names, the one that was installed; none where it was built here."""
    names = ["a-1.tar.gz", "a-1-py3-none-any.whl", "a-1-cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"]
    names.append("a-1-cp313-cp313-macosx_11_0_arm64.whl")
    found = installed_wheel(
        InstalledPackage("a", "1", frozenset(parse_tag(tag)), (), Message()), {name: name[::-1] for name in names}
    )
    assert found == ((file, file[::-1]) if file else None)
