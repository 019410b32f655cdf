"""The bill of materials: what really was installed, its licences and hashes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from packaging.tags import parse_tag

from lambda_layers.builder.command import build
from lambda_layers.locks.wheel_files import installed_wheel
from lambda_layers.target.platform import Target
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


PURE = "a-1-py3-none-any.whl"
NATIVE = "a-1-cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"


@pytest.mark.parametrize(
    ("tag", "files", "file"),
    [
        ("py3-none-any", [PURE, NATIVE], PURE),
        ("cp313-cp313-manylinux_2_17_x86_64", [PURE, NATIVE], NATIVE),
        ("cp36-cp36m-manylinux2010_x86_64", [PURE, NATIVE], NATIVE),
        ("cp36-cp36m-manylinux2010_x86_64", [PURE], PURE),
        ("cp39-abi3-linux_x86_64", [], None),
    ],
)
def test_the_wheel_is_known_by_its_name(tag: str, files: list[str], file: str | None) -> None:
    """Of all locked files, the one that was installed, even if its inside contradicts its name; none if built here."""
    names = ["a-1.tar.gz", *files, "a-1-cp313-cp313-macosx_11_0_arm64.whl"]
    found = installed_wheel({name: name[::-1] for name in names}, parse_tag(tag), Target("3.13", "x86_64"))
    assert found == ((file, file[::-1]) if file else None)
