"""Packages are made ready once, and each is looked at before it goes into any layer."""

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

from lambda_layers.builder import packages
from lambda_layers.builder.command import build
from lambda_layers.builder.uv_install import install
from lambda_layers.errors import LayersError
from lambda_layers.locks.pin import Pin
from tests.projects import TARGET, Project
from tests.wheels import House


def layer(root: Path) -> dict[str, Any]:
    """The first layer of layers.json."""
    found: dict[str, Any] = json.loads((root / "build" / "layers" / "layers.json").read_text())["layers"][0]
    return found


def content(root: Path, name: str) -> str:
    """One file of the first layer."""
    with zipfile.ZipFile(root / layer(root)["zip"]) as zipped:
        return zipped.read(f"python/{name}").decode()


def test_one_changed_package_is_the_only_one_made_again(
    project: Project, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of a layer comes from the cache."""
    asked: list[list[str]] = []

    def counted(root: Path, pins: Sequence[Pin], *rest: Any, **named: Any) -> None:
        asked.append([pin.name for pin in pins])
        install(root, pins, *rest, **named)

    monkeypatch.setattr(packages, "install", counted)
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
    """Its layer has the bytes of a build from an empty cache; a cached package that was edited is made again."""
    house.wheel("base", files={"base.py": "NAME = 'base'\n" * 100})
    house.wheel("other")
    build(project.write({"main": ["base"]}))
    asked: list[str] = []

    def counted(root: Path, pins: Sequence[Pin], *rest: Any, **named: Any) -> None:
        asked.extend(pin.name for pin in pins)
        install(root, pins, *rest, **named)

    monkeypatch.setattr(packages, "install", counted)
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
    """Which of the two wins in one folder is chance; here it is the first by name, whatever was made before."""
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
    """Files of the layer are links into uv's cache; making it lean must not write through them."""
    house.wheel("base", files={"base/__init__.py": "", "bin/tool": "#!/here/python"})
    root = project.write({"main": ["base"]})
    build(root)
    (record,) = downloads(tmp_path).rglob("base-1.0.dist-info/RECORD")
    assert "bin/tool" in record.read_text()
    assert not list(downloads(tmp_path).rglob("base/__pycache__"))


@pytest.mark.gate
def test_what_was_edited_in_uv_s_cache_is_never_shipped(project: Project, house: House, tmp_path: Path) -> None:
    """The layer gets the locked wheel's file instead, from the index."""
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
def test_what_was_edited_and_cannot_be_had_again_is_refused(
    project: Project, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the package, and the folder that has to go."""
    root = project.write({"main": [house.wheel("base").name]})
    build(root)
    (linked,) = downloads(tmp_path).rglob("base/__init__.py")
    linked.write_text("print('debugging')\n")
    other_settings(root)
    monkeypatch.setattr(packages, "install", _offline)
    with pytest.raises(LayersError, match=r"other files of base than the wheel; remove that folder\..*no index"):
        build(root)


@pytest.mark.gate
def test_record_is_no_witness(project: Project, house: House, tmp_path: Path) -> None:
    """A file that was edited in uv's cache together with its line in RECORD is not shipped; the locked one is."""
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
    """uv links its usual cache into environments. A first build on this machine takes nothing from there."""
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
    """A package is what its wheel holds: nothing less, nothing more."""
    house.wheel("base", files={"base/__init__.py": ""})
    root = project.write({"main": ["base"]})
    build(root)
    edit_with_record(downloads(tmp_path), "base", "base/added.py", "ADDED = True\n")
    other_settings(root)
    build(root)
    assert "python/base/added.py" not in zipfile.ZipFile(root / layer(root)["zip"]).namelist()


def test_what_was_verified_once_comes_from_uv_s_cache(
    project: Project, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later build of the same wheel, with other settings, asks no index."""
    root = project.write({"main": [house.wheel("base").name]})
    build(root)
    other_settings(root)
    monkeypatch.setattr(packages, "install", _offline)
    build(root)
    assert content(root, "base/__init__.py")


def downloads(folder: Path) -> Path:
    """The cache that uv downloads the packages of layers into."""
    return folder / "cache" / "lambda-layers-pipeline" / "layers" / "uv"


def other_settings(root: Path) -> None:
    """Change a setting that has every package made ready again."""
    pyproject = root / "pyproject.toml"
    pyproject.write_text(pyproject.read_text() + 'keep = ["base/tests/*"]\n')


def edit_with_record(cache: Path, package: str, name: str, text: str) -> None:
    """Edit or add a file of a package in uv's cache, and have RECORD tell its digest."""
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
    """Published wheels were edited after their RECORD was made: the lock's hash decides, and it is reported."""
    house.wheel("base", recorded={"base/__init__.py": "another\n"})
    root = project.write({"main": ["base"]})
    (told,) = build(root)
    assert told.startswith("base: __init__.py is not the file that the wheel's RECORD tells")
    assert content(root, "base/__init__.py") == "NAME = 'base'\n"


@pytest.mark.gate
def test_tests_that_an_import_needs_are_missed(project: Project, house: House) -> None:
    """`drop-tests` leaves tests out, and then imports everything again."""
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
    """Those below a package as well, on dependencies that were made before, and after one that ends the process."""
    house.wheel("base")
    files = {"odd/__init__.py": "", "odd/a.py": "import os; os._exit(0)\n", "odd/tests/__init__.py": "needed = 1\n"}
    files["odd/sub.py"] = "import base\nfrom odd.tests import needed\n"
    house.wheel("odd", requires=["base"], files={**files, "odd/__main__.py": "import os; os._exit(0)\n"})
    target = f"{TARGET}drop-tests = true\n"
    build(project.write({"main": ["base"]}, target=target))
    with pytest.raises(LayersError, match=r"what is needed to import odd\.sub \(ImportError"):
        build(project.write({"main": ["base", "odd"]}, target=target))


def test_what_the_runtime_brings_is_left_out_and_its_size_told(project: Project, house: House) -> None:
    """`runtime-provided = "drop"` names what stays behind, with its bytes."""
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
    """botocore without boto3 would come before the runtime's own."""
    house.wheel("botocore")
    with pytest.raises(LayersError, match="half an SDK"):
        build(project.write({"main": ["botocore"]}))
