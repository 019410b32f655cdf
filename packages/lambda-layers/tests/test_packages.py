"""Packages are built once, and verified before they are in a layer."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lambda_layers.builder import package_builder
from lambda_layers.builder.project_build import build
from lambda_layers.builder.uv_install import install
from lambda_layers.errors import LayersError
from lambda_layers.locks.pin import Pin
from tests.projects import TARGET, Project
from tests.wheels import House


def layer(root: Path) -> dict[str, Any]:
    """Return the first layer of layers.json."""
    found: dict[str, Any] = json.loads((root / "build" / "layers" / "layers.json").read_text())["layers"][0]
    return found


def content(root: Path, name: str) -> str:
    """Return one file of the first layer."""
    with zipfile.ZipFile(root / layer(root)["zip"]) as zipped:
        return zipped.read(f"python/{name}").decode()


def test_one_changed_package_is_the_only_one_made_again(
    project: Project, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build installs only the changed package; the others come from the cache."""
    asked: list[list[str]] = []

    def counted(root: Path, pins: Sequence[Pin], *rest: Any, **named: Any) -> None:
        asked.append([pin.name for pin in pins])
        install(root, pins, *rest, **named)

    monkeypatch.setattr(package_builder, "install", counted)
    house.wheel("base")
    house.wheel("other")
    root = project.write({"main": ["base", "other"]})
    build(root)
    house.wheel("base", "2.0")
    project.lock()
    build(root)
    assert asked == [["base", "other"], ["base"]]
    assert [(package["name"], package["version"]) for package in layer(root)["packages"]] == [
        ("base", "2.0"),
        ("other", "1.0"),
    ]


@pytest.mark.gate
@pytest.mark.parametrize("damaged", [False, True])
def test_another_project_takes_packages_from_the_cache(
    project: Project, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damaged: bool
) -> None:
    """A project's layer built from the cache equals a build without it; damaged cache entries are rebuilt."""
    house.wheel("base", files={"base.py": "NAME = 'base'\n" * 100})
    house.wheel("other")
    build(project.write({"main": ["base"]}))
    asked: list[str] = []

    def counted(root: Path, pins: Sequence[Pin], *rest: Any, **named: Any) -> None:
        asked.extend(pin.name for pin in pins)
        install(root, pins, *rest, **named)

    monkeypatch.setattr(package_builder, "install", counted)
    for file in (tmp_path / "cache" / "lambda-layers-pipeline" / "layers" / "files").iterdir() if damaged else ():
        file.write_bytes(file.read_bytes()[:-1] + b"x")
    second = Project(tmp_path / "second", house).write({"main": ["base", "other"]})
    build(second)
    assert asked == (["base", "other"] if damaged else ["other"])
    known = layer(second)["sha256"]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    third = Project(tmp_path / "third", house).write({"main": ["base", "other"]})
    build(third)
    assert layer(third)["sha256"] == known


@pytest.mark.gate
def test_two_packages_with_one_file_make_the_same_layer_each_time(
    project: Project, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If two packages have the same file, the layer has the file of the first package by name."""
    house.wheel("alpha", files={"shared.py": "WHO = 'alpha'\n", "alpha.py": ""})
    house.wheel("beta", files={"shared.py": "WHO = 'beta'\n", "beta.py": ""})
    root = project.write({"main": ["beta", "alpha"]})
    build(root)
    first = layer(root)["sha256"]
    assert content(root, "shared.py") == "WHO = 'alpha'\n"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    build(root)
    assert layer(root)["sha256"] == first


def test_uv_s_cache_stays_as_it_was(project: Project, house: House, tmp_path: Path) -> None:
    """Pruning a layer does not change uv's cache, although its files are linked."""
    house.wheel("base", files={"base/__init__.py": "", "bin/tool": "#!/here/python"})
    root = project.write({"main": ["base"]})
    build(root)
    (record,) = downloads(tmp_path).rglob("base-1.0.dist-info/RECORD")
    assert "bin/tool" in record.read_text()
    assert not list(downloads(tmp_path).rglob("base/__pycache__"))


@pytest.mark.gate
def test_an_edit_in_uv_s_cache_is_never_shipped(project: Project, house: House, tmp_path: Path) -> None:
    """The layer has the locked wheel's file although the file in uv's cache was edited."""
    house.wheel("base", files={"base/__init__.py": "GOOD = True\n"})
    house.wheel("other")
    root = project.write({"main": ["base", "other"]})
    build(root)
    first = layer(root)
    (linked,) = downloads(tmp_path).rglob("base/__init__.py")
    linked.write_text("GOOD = False\n")
    other_settings(root)
    build(root)
    assert content(root, "base/__init__.py") == "GOOD = True\n"
    assert layer(root) == first


@pytest.mark.gate
def test_an_edit_in_uv_s_cache_without_an_index_is_rejected(
    project: Project, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edited file of uv's cache fails the build without an index; the error names package and folder."""
    root = project.write({"main": [house.wheel("base").name]})
    build(root)
    (linked,) = downloads(tmp_path).rglob("base/__init__.py")
    linked.write_text("print('debugging')\n")
    other_settings(root)
    monkeypatch.setattr(package_builder, "install", _offline)
    with pytest.raises(LayersError, match=r"other files of base than the wheel; remove that folder\..*no index"):
        build(root)


@pytest.mark.gate
def test_an_edit_with_its_record_is_not_shipped(project: Project, house: House, tmp_path: Path) -> None:
    """A file that was edited in uv's cache together with its RECORD entry is not shipped."""
    house.wheel("base", files={"base/__init__.py": "GOOD = True\n"})
    house.wheel("other")
    root = project.write({"main": ["base", "other"]})
    build(root)
    edit_with_record(downloads(tmp_path), "base", "base/__init__.py", "GOOD = False\n")
    other_settings(root)
    build(root)
    assert content(root, "base/__init__.py") == "GOOD = True\n"


@pytest.mark.gate
def test_an_edited_environment_never_reaches_a_layer(
    project: Project, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first build does not use uv's usual cache, which is linked into environments that may be edited."""
    wheel = house.wheel("base", files={"base/__init__.py": "GOOD = True\n"})
    root = project.write({"main": ["base"]})
    (tmp_path / "locked.txt").write_text(f"base==1.0 --hash=sha256:{wheel.sha256}\n")
    environment = ["--target", str(tmp_path / "environment"), "--link-mode", "hardlink", "--python-version", "3.13"]
    locked = ["--no-deps", "--require-hashes", "-r", str(tmp_path / "locked.txt")]
    subprocess.run(["uv", "pip", "install", "--quiet", *environment, *locked], check=True)
    edit_with_record(tmp_path / "environment", "base", "base/__init__.py", "GOOD = False\n")
    edit_with_record(tmp_path / "uv", "base", "base/__init__.py", "GOOD = False\n")
    build(root)
    assert content(root, "base/__init__.py") == "GOOD = True\n"


@pytest.mark.gate
def test_a_file_that_was_added_with_its_record_is_not_shipped(project: Project, house: House, tmp_path: Path) -> None:
    """A file that was added to uv's cache with a RECORD entry is not shipped."""
    house.wheel("base", files={"base/__init__.py": ""})
    root = project.write({"main": ["base"]})
    build(root)
    edit_with_record(downloads(tmp_path), "base", "base/added.py", "ADDED = True\n")
    other_settings(root)
    build(root)
    assert "python/base/added.py" not in zipfile.ZipFile(root / layer(root)["zip"]).namelist()


def test_a_verified_wheel_comes_from_uv_s_cache(
    project: Project, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later build of a verified wheel, with other settings, does not use the index."""
    root = project.write({"main": [house.wheel("base").name]})
    build(root)
    other_settings(root)
    monkeypatch.setattr(package_builder, "install", _offline)
    build(root)
    assert content(root, "base/__init__.py")


def downloads(folder: Path) -> Path:
    """Return uv's cache for the packages of layers."""
    return folder / "cache" / "lambda-layers-pipeline" / "layers" / "uv"


def other_settings(root: Path) -> None:
    """Change a setting, so that every package is built again."""
    pyproject = root / "pyproject.toml"
    pyproject.write_text(pyproject.read_text() + 'keep = ["base/tests/*"]\n')


def edit_with_record(cache: Path, package: str, name: str, text: str) -> None:
    """Edit or add a file of a package in uv's cache, with its digest in RECORD."""
    (record,) = cache.rglob(f"{package}-1.0.dist-info/RECORD")
    (record.parent.parent / name).write_text(text)
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
    lines = [line for line in record.read_text().splitlines() if not line.startswith(f"{name},")]
    record.write_text("\n".join([*lines, f"{name},sha256={digest},{len(text)}", ""]))


def _offline(*arguments: Any, downloads: Path | None, **named: Any) -> None:
    if not downloads:
        raise LayersError("no index")
    install(*arguments, downloads=downloads, **named)


@pytest.mark.gate
def test_a_wheel_with_a_wrong_record_is_built(project: Project, house: House) -> None:
    """A wheel whose hash is locked is built although its RECORD is wrong, with a warning."""
    house.wheel("base", recorded={"base/__init__.py": "another\n"})
    root = project.write({"main": ["base"]})
    (warning,) = build(root)
    assert warning.startswith("base: __init__.py is not the file that the wheel's RECORD tells")
    assert content(root, "base/__init__.py") == "NAME = 'base'\n"


@pytest.mark.gate
def test_tests_that_an_import_needs_are_missed(project: Project, house: House) -> None:
    """`drop-tests` fails the build if a module imports the tests."""
    house.wheel("base", files={"base/__init__.py": "", "base/tests/test_x.py": "assert False\n"})
    house.wheel(
        "odd", files={"odd/__init__.py": "from odd.tests import needed\n", "odd/tests/__init__.py": "needed = 1\n"}
    )
    target = f"{TARGET}drop-tests = true\n"
    root = project.write({"main": ["base"]}, target=target)
    build(root)
    with zipfile.ZipFile(root / layer(root)["zip"]) as zipped:
        assert not [name for name in zipped.namelist() if "tests" in name]
    with pytest.raises(LayersError, match=r"drop-tests = true takes away what is needed to import odd"):
        build(project.write({"main": ["base", "odd"]}, target=target))


@pytest.mark.gate
def test_every_module_that_stays_is_imported_again(project: Project, house: House) -> None:
    """`drop-tests` imports each remaining module, submodules included, also after one that exits the process."""
    house.wheel("base")
    files = {"odd/__init__.py": "", "odd/a.py": "import os; os._exit(0)\n", "odd/tests/__init__.py": "needed = 1\n"}
    files["odd/sub.py"] = "import base\nfrom odd.tests import needed\n"
    house.wheel("odd", requires=["base"], files={**files, "odd/__main__.py": "import os; os._exit(0)\n"})
    target = f"{TARGET}drop-tests = true\n"
    build(project.write({"main": ["base"]}, target=target))
    with pytest.raises(LayersError, match=r"what is needed to import odd\.sub \(ImportError"):
        build(project.write({"main": ["base", "odd"]}, target=target))


def test_runtime_packages_are_left_out_and_their_size_reported(project: Project, house: House) -> None:
    """`runtime-provided = "drop"` leaves the SDK out, and lists its packages with their size."""
    house.wheel("jmespath")
    house.wheel("botocore", requires=["jmespath"])
    house.wheel("boto3", requires=["botocore", "jmespath"])
    house.wheel("powertools", requires=["jmespath"])
    root = project.write({"main": ["boto3", "powertools"]}, target=f'{TARGET}runtime-provided = "drop"\n')
    build(root)
    assert [package["name"] for package in layer(root)["packages"]] == ["jmespath", "powertools"]
    assert [package["name"] for package in layer(root)["left_out"]] == ["boto3", "botocore"]
    assert all(package["bytes"] > 0 for package in layer(root)["left_out"])


@pytest.mark.gate
def test_half_an_sdk_is_refused_by_the_build(project: Project, house: House) -> None:
    """The build rejects botocore without boto3, which would precede the runtime's botocore."""
    house.wheel("botocore")
    with pytest.raises(LayersError, match="half an SDK"):
        build(project.write({"main": ["botocore"]}))
