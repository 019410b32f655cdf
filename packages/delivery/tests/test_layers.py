"""Built layers and code: their digests are the asset hashes, so that unchanged ones are not deployed again."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Template

from cdk_delivery.errors import WrongUse
from cdk_delivery.layers import BuiltLayers

DIGESTS = {"shared": "a" * 64, "till": "b" * 64}


def manifest(folder: Path, digests: dict[str, str], *, content: str = "") -> Path:
    """Write the manifest and the zips of two layers; the second one is for one of two functions."""
    folder.mkdir()
    built: list[dict[str, Any]] = []
    for name, functions in (("shared", ["till", "stock"]), ("till", ["till"])):
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            archive.writestr(f"python/{name}.py", content)
        packages = [{"name": f"{name}-package", "version": "1.0", "bytes": 1}]
        sizes = {"bytes": 1, "unzipped_bytes": 1, "packages": packages, "sbom": ""}
        layer = {"name": name, "zip": f"build/{name}.zip", "sha256": digests[name], "functions": functions}
        built.append(layer | sizes)
    code = {"name": "till", "zip": "build/function-till.zip", "sha256": "c" * 64, "bytes": 1, "unzipped_bytes": 1}
    (folder / "function-till.zip").write_text(content)
    target = {"python": "3.13", "architecture": "arm64"}
    (folder / "layers.json").write_text(json.dumps({"target": target, "layers": built, "functions": [code]}))
    return folder / "layers.json"


def template(manifest: Path) -> Template:
    stack = Stack(App(analytics_reporting=False), "Stack")
    BuiltLayers(stack, "Layers", manifest=manifest)
    return Template.from_stack(stack)


def keys(manifest: Path) -> dict[str, Any]:
    """Return logical id of each layer -> S3 key of its zip."""
    layers = template(manifest).find_resources("AWS::Lambda::LayerVersion")
    return {id_: layer["Properties"]["Content"]["S3Key"] for id_, layer in layers.items()}


def test_only_the_digest_names_the_asset(tmp_path: Path) -> None:
    """The S3 key depends only on the digest, not on the folder or on the content that CDK would hash."""
    before = manifest(tmp_path / "before", DIGESTS)
    assert keys(manifest(tmp_path / "after", DIGESTS, content="other")) == keys(before)


def test_another_digest_is_another_asset(tmp_path: Path) -> None:
    """Only the layer with the new digest has a new S3 key."""
    before = keys(manifest(tmp_path / "before", DIGESTS))
    after = keys(manifest(tmp_path / "after", DIGESTS | {"shared": "0" * 64}))
    assert [id_ for id_ in before if before[id_] != after.get(id_)] == [id_ for id_ in before if "shared" in id_]


def test_only_the_digest_names_a_functions_code(tmp_path: Path) -> None:
    """Unchanged code has the same S3 key, so that its function is not updated."""

    def code(folder: str, content: str) -> tuple[str, Any]:
        stack = Stack(App(analytics_reporting=False), "Stack")
        built = BuiltLayers(stack, "Layers", manifest=manifest(tmp_path / folder, DIGESTS, content=content))
        found = built.code_of("till")
        location = found.asset.bind(stack).s3_location
        return found.digest, location and location.object_key

    assert code("before", "one") == code("after", "two")
    assert code("again", "three")[0] == "c" * 64


@pytest.mark.gate
def test_a_missing_build_is_reported(tmp_path: Path) -> None:
    """A missing manifest is an error with the build command, a missing function one with the built functions."""
    stack = Stack(App(analytics_reporting=False), "Stack")
    with pytest.raises(WrongUse, match=r"absent\.json; build the layers with `lambda-layers build`"):
        BuiltLayers(stack, "None", manifest=tmp_path / "absent.json")
    built = BuiltLayers(stack, "Layers", manifest=manifest(tmp_path / "layers", DIGESTS))
    with pytest.raises(WrongUse, match="no code of the function stock; it has till"):
        built.code_of("stock")


@pytest.mark.parametrize(("function", "digests"), [("till", ["a", "b"]), ("stock", ["a"])])
def test_a_function_gets_the_layers_that_were_built_for_it(tmp_path: Path, function: str, digests: list[str]) -> None:
    """A function has its built layers, the shared one first."""
    built = BuiltLayers(
        Stack(App(analytics_reporting=False), "Stack"), "Layers", manifest=manifest(tmp_path / "layers", DIGESTS)
    )
    assert [layer.digest for layer in built.layers_of(function)] == [digit * 64 for digit in digests]


def test_a_layer_has_its_target_and_packages(tmp_path: Path) -> None:
    """A layer version has runtime, architecture, and its packages as metadata for the changes report."""
    found = template(manifest(tmp_path / "layers", DIGESTS))
    target = {"CompatibleRuntimes": ["python3.13"], "CompatibleArchitectures": ["arm64"]}
    found.all_resources_properties("AWS::Lambda::LayerVersion", target)
    layers = found.find_resources("AWS::Lambda::LayerVersion").values()
    packages = [layer["Metadata"]["packages"] for layer in layers]
    assert {"layer": "till", "versions": {"till-package": "1.0"}} in packages
