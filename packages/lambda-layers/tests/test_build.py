"""The complete build of small projects."""

from __future__ import annotations

import os
import time
import zipfile

import pytest

from lambda_layers import toml_files
from lambda_layers.builder.project_build import build
from lambda_layers.builder.restore import Restored, restore_build
from lambda_layers.errors import WrongUse
from tests.built_layers import made
from tests.projects import Project
from tests.wheels import House


def test_a_function_gets_the_shared_layer_and_its_own(project: Project, house: House) -> None:
    """A group named after a function is a layer with the packages that the shared one lacks."""
    house.wheel("base")
    house.wheel("extra", requires=["base", "deep"])
    house.wheel("deep")
    root = project.write({"main": ["base"], "one": ["extra"]})
    build(root)
    layers = [
        (layer["name"], layer["functions"], [p["name"] for p in layer["packages"]]) for layer in made(root)["layers"]
    ]
    assert layers == [("shared", ["one", "two"], ["base"]), ("one", ["one"], ["deep", "extra"])]
    assert made(root)["bytecode"] is True


def test_the_digest_of_the_bytes_is_in_the_name(project: Project, house: House) -> None:
    """The file name of a layer has the SHA-256 digest of its bytes."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    build(root)
    (layer,) = made(root)["layers"]
    assert layer["zip"] == f"build/layers/shared-{layer['sha256']}.zip"
    assert layer["bytes"] == (root / layer["zip"]).stat().st_size
    assert layer["unzipped_bytes"] == sum(entry.file_size for entry in zipfile.ZipFile(root / layer["zip"]).infolist())


def test_a_second_build_has_nothing_to_do(project: Project, house: House) -> None:
    """A second build restores the same bytes from the cache, also after build/ was removed."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    assert restore_build(root) is None
    build(root)
    before = made(root)
    (root / before["layers"][0]["zip"]).unlink()
    (root / "build" / "layers" / "layers.json").unlink()
    assert restore_build(root) == Restored([])
    assert made(root) == before
    assert (root / before["layers"][0]["zip"]).exists()


def test_a_build_with_nothing_to_do_parses_no_file(
    project: Project, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build without changes parses no file, and still notices another tool's lock file."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    build(root)
    assert restore_build(root) == Restored([])
    with monkeypatch.context() as patch:
        patch.setattr(toml_files, "parse", lambda _: pytest.fail("a file was parsed"))
        assert restore_build(root) == Restored([])
    (root / "uv.lock").write_text("version = 1\n")
    with pytest.raises(WrongUse, match=r"has poetry\.lock and uv\.lock; say which one"):
        restore_build(root)


def test_unused_layers_are_removed(project: Project, house: House) -> None:
    """Unused layers are removed after a day, since a synthesis may still read them."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    build(root)
    folder = root / "build" / "layers"
    there = {path.name for path in folder.iterdir()}
    for name, days in (("shared-old.zip", 2), ("shared-old.cdx.json", 2), ("shared-new.zip", 0)):
        (folder / name).write_text("")
        moment = time.time() - days * 24 * 3600
        os.utime(folder / name, (moment, moment))
    for name in there:
        os.utime(folder / name, (0, 0))
    assert restore_build(root) == Restored([])
    assert {path.name for path in folder.iterdir()} == {*there, "shared-new.zip"}


def test_a_project_without_packages_has_no_layers(project: Project) -> None:
    """A project whose groups are empty has no layers."""
    root = project.write({"main": []})
    build(root)
    assert made(root)["layers"] == []
