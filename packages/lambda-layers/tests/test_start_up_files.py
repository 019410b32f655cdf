"""Namespace packages of three kinds, `.pth` files, and editors' files in a function's folder."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from lambda_layers import manifest
from lambda_layers.analysis import check, start_up_files
from lambda_layers.analysis.imports import imports
from lambda_layers.builder.project_build import build
from lambda_layers.errors import LayersError
from lambda_layers.manifest import Manifest
from tests.projects import Project
from tests.test_wheel_properties import run_python, unpacked
from tests.wheels import House

PKGUTIL = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
GUARDED = "try:\n    __import__('pkg_resources').declare_namespace(__name__)\nexcept ImportError:\n    pass\n"
BARE = "__import__('pkg_resources').declare_namespace(__name__)\n"


def built(project: Project, house: House, init: str | None) -> tuple[Path, Manifest]:
    """Build a layer of two wheels that share the namespace `zope`."""
    for name in ("zope-a", "zope-b"):
        module = f"zope/{name[-1]}.py"
        house.wheel(name, files={module: "X = 1\n", **({"zope/__init__.py": init} if init is not None else {})})
    root = project.write({"main": ["zope-a", "zope-b"]})
    (root / "lambda" / "one" / "main.py").write_text("import zope.a\nfrom zope.b import X\n")
    build(root)
    return root, manifest.read(root / manifest.MANIFEST_PATH)


@pytest.mark.parametrize("init", [None, PKGUTIL, GUARDED])
def test_namespace_packages_are_complete(project: Project, house: House, tmp_path: Path, init: str | None) -> None:
    """Namespace packages of PEP 420, pkgutil and guarded pkg_resources can be imported from the layer."""
    root, made = built(project, house, init)
    assert run_python(unpacked(root, tmp_path / "opt"), "import zope.a, zope.b; print('imported')") == "imported"
    assert check.missing_imports(root, made) == []
    assert start_up_files.warnings(root, made) == []


@pytest.mark.gate
def test_a_namespace_that_needs_setuptools_is_reported(project: Project, house: House) -> None:
    """A namespace that imports pkg_resources without setuptools is reported, since it would fail only on Lambda."""
    root, made = built(project, house, BARE)
    (warning,) = start_up_files.warnings(root, made)
    assert warning.startswith("layer shared: zope/__init__.py imports pkg_resources to declare a namespace")


def test_with_setuptools_in_a_layer_nothing_is_reported(project: Project, house: House) -> None:
    """With setuptools in the layer the namespace is not reported."""
    root, made = built(project, house, BARE)
    layer = made.layers[0]
    there = layer._replace(packages=(*layer.packages, manifest.Package("setuptools", "80")))
    assert start_up_files.warnings(root, made._replace(layers=(there,))) == []


@pytest.mark.gate
def test_path_files_are_reported(project: Project, house: House) -> None:
    """A .pth file that provides modules is reported; its modules count as provided."""
    files = {"more.pth": "hidden\n# a comment\n", "hidden/deep.py": "", "base/__init__.py": ""}
    house.wheel("base", files={**files, "base-nspkg.pth": "import sys\n"})
    root = project.write({"main": ["base"]})
    (root / "lambda" / "one" / "main.py").write_text("import deep\n")
    build(root)
    made = manifest.read(root / manifest.MANIFEST_PATH)
    assert check.missing_imports(root, made) == []
    (warning,) = start_up_files.warnings(root, made)
    assert warning.startswith("layer shared: more.pth is for a folder of site packages")


@pytest.mark.gate
def test_files_of_editors_are_not_modules(tmp_path: Path) -> None:
    """An editor's broken link is ignored, and a file name that is not UTF-8 is read."""
    (tmp_path / "main.py").write_text("import json\n")
    (tmp_path / ".#main.py").symlink_to("somebody@host.123")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.py")).write_text("import base\n")
    assert [found.name for found in imports(tmp_path)] == ["base", "json"]


@pytest.mark.gate
def test_a_name_that_is_not_utf_8_is_refused(project: Project, house: House) -> None:
    """The build rejects a function's file whose name is not UTF-8."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    Path(os.fsdecode(os.fsencode(root) + b"/lambda/one/caf\xe9.txt")).write_text("")
    with pytest.raises(LayersError, match=r"caf.\.txt: the name of the file is not UTF-8"):
        build(root)


def test_a_native_program_and_its_library_are_in_the_zip(project: Project, house: House) -> None:
    """Layers have abi3 modules, bundled libraries, data files and empty wheels."""
    house.wheel("stable", tag="cp39-abi3-manylinux_2_17_x86_64", files={"stable/__init__.py": ""})
    house.wheel(
        "cpp", tag="cp313-cp313-manylinux_2_28_x86_64", files={"cpp/__init__.py": "", "cpp.libs/notice.txt": "x"}
    )
    house.wheel("data", files={"data/big.bin": bytes(1_000_000)})
    house.wheel("empty", files={"empty-1.0.dist-info/LICENSE": "none"})
    root = project.write({"main": ["stable", "cpp", "data", "empty"]})
    build(root)
    layer = manifest.read(root / manifest.MANIFEST_PATH).layers[0]
    with zipfile.ZipFile(root / layer.zip) as zipped:
        assert {"python/stable/__init__.py", "python/cpp.libs/notice.txt", "python/data/big.bin"} <= {
            *zipped.namelist()
        }
    assert [package.name for package in layer.packages] == ["cpp", "data", "empty", "stable"]


@pytest.mark.slow
def test_a_wheel_of_100_mb_is_built(project: Project, house: House) -> None:
    """A wheel of 100 MB is built."""
    house.wheel("large", files={f"large/{part}.bin": os.urandom(1) * 25_000_000 for part in range(4)})
    root = project.write({"main": ["large"]})
    build(root)
    assert manifest.read(root / manifest.MANIFEST_PATH).layers[0].unzipped_bytes > 100_000_000
