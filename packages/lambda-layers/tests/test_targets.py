"""Builds for any target from any host; these tests need the index or uv's warm cache."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from lambda_layers import manifest
from lambda_layers.builder.project_build import build
from lambda_layers.target import interpreter
from lambda_layers.target.elf import read_requirements
from lambda_layers.target.platform import GLIBC, Target
from tests.projects import Project
from tests.root import ROOT
from tests.wheels import House

NATIVE = "pydantic_core/_pydantic_core"


def built_for(tmp_path: Path, python: str, architecture: str) -> tuple[manifest.Manifest, Path, list[str]]:
    """Build this project's layers for a target; return manifest, pydantic's native library, and warnings."""
    for name in ("pyproject.toml", "poetry.lock"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "lambda", tmp_path / "lambda")
    (tmp_path / ".tools").symlink_to(ROOT / ".tools")
    text = (tmp_path / "pyproject.toml").read_text()
    target = (
        json.loads((ROOT / manifest.MANIFEST_PATH).read_text())["target"]
        if (ROOT / manifest.MANIFEST_PATH).exists()
        else {}
    )
    text = text.replace(f'python = "{target.get("python", "3.13")}"', f'python = "{python}"')
    text = text.replace(f'architecture = "{target.get("architecture", "x86_64")}"', f'architecture = "{architecture}"')
    (tmp_path / "pyproject.toml").write_text(text)
    warnings = build(tmp_path)
    made = manifest.read(tmp_path / manifest.MANIFEST_PATH)
    with zipfile.ZipFile(tmp_path / made.layers_of("echo")[1].zip) as zipped:
        (name,) = (name for name in zipped.namelist() if NATIVE in name and name.endswith(".so"))
        return made, Path(zipped.extract(name, tmp_path)), warnings


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
@pytest.mark.parametrize("python", ["3.12", "3.13", "3.14"])
def test_the_layers_are_for_the_target(tmp_path: Path, python: str, architecture: str) -> None:
    """The native library is for the target's machine; there is bytecode if the target's interpreter is installed."""
    made, library, warnings = built_for(tmp_path, python, architecture)
    assert (made.python, made.architecture) == (python, architecture)
    machine, glibc, _ = read_requirements(library)
    assert machine == Target(python, architecture).machine
    assert glibc <= GLIBC
    assert f".cpython-{python.replace('.', '')}-" in library.name
    assert made.bytecode is (interpreter.find(python) is not None)
    with zipfile.ZipFile(tmp_path / made.layers[0].zip) as zipped:
        tags = {name.rsplit(".", 2)[-2] for name in zipped.namelist() if name.endswith(".pyc")}
    assert tags == ({f"cpython-{python.replace('.', '')}"} if made.bytecode else set())
    assert len([warning for warning in warnings if f"no Python {python}" in warning]) == (not made.bytecode)


@pytest.mark.gate
def test_layers_without_bytecode_say_so(project: Project, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing interpreter of the target is reported once, and recorded in layers.json."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    monkeypatch.setattr(interpreter, "find", {}.get)
    (warning,) = build(root)
    assert "no Python 3.13 was found here, so layers and code hold no bytecode" in warning
    made = manifest.read(root / manifest.MANIFEST_PATH)
    assert made.bytecode is False
    with zipfile.ZipFile(root / made.layers[0].zip) as zipped:
        assert not [name for name in zipped.namelist() if name.endswith(".pyc")]


def test_interpreters_are_asked_what_they_are() -> None:
    """The search runs each interpreter, so that a shim for another version is not used."""
    assert interpreter.find("3.13") is not None
    assert interpreter.find("9.9") is None


def test_the_newest_release_of_pyenv_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pyenv's versions are ordered by number; pre-releases and free-threaded builds are ignored."""
    for name in ("3.14.9", "3.14.10", "3.14.0", "3.14.11t", "3.14.0rc1", "3.1.4"):
        (tmp_path / "versions" / name / "bin").mkdir(parents=True)
        (tmp_path / "versions" / name / "bin" / "python").touch()
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    found = [Path(path).parts[-3] for path in interpreter.candidates("3.14")]
    assert found == ["3.14.10", "3.14.9", "3.14.0"]


@pytest.mark.parametrize(
    ("tag", "fits"),
    [
        ("cp313-cp313-manylinux_2_34_x86_64", True),
        ("cp313-cp313-manylinux2014_x86_64", True),
        ("cp39-abi3-manylinux_2_28_x86_64", True),
        ("py3-none-any", True),
        ("cp313-cp313-manylinux_2_35_x86_64", False),
        ("cp313-cp313-musllinux_1_2_x86_64", False),
        ("cp312-cp312-manylinux_2_17_x86_64", False),
        ("cp313-cp313-manylinux_2_17_aarch64", False),
        ("cp313-cp313t-manylinux_2_17_x86_64", False),
    ],
)
def test_tags_that_fit_amazon_linux_2023(tag: str, fits: bool) -> None:
    """Tags fit with glibc 2.34 or less, without musl, and with this Python's or the stable ABI."""
    assert (tag in {str(known) for known in Target("3.13", "x86_64").tags()}) is fits


@pytest.mark.slow
def test_downloaded_packages_need_no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with the same packages is built without the network."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made, _, _ = built_for(first, "3.13", "x86_64")
    for part in ("files", "records"):
        shutil.rmtree(tmp_path / "cache" / "lambda-layers-pipeline" / "layers" / part)
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    again, _, _ = built_for(second, "3.13", "x86_64")
    assert [layer.sha256 for layer in again.layers] == [layer.sha256 for layer in made.layers]
