"""Libraries from a folder of the repository, a wheel in it, or a commit."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lambda_layers.builder.cache_key import library_key
from lambda_layers.builder.project_build import build
from lambda_layers.builder.restore import Restored, restore_build
from lambda_layers.errors import LayersError
from lambda_layers.subprocesses import find_tool, run
from tests.projects import Project
from tests.root import ROOT

_BACKEND = """
import os, zipfile
def build_wheel(folder, *arguments):
    with zipfile.ZipFile(os.path.join(folder, "own-0.1-py3-none-any.whl"), "w") as z:
        z.write("own.py", "own.py")
        z.writestr("own-0.1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: own\\nVersion: 0.1\\n")
        z.writestr("own-0.1.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: BACKEND\\nTag: TAG\\n")
        z.writestr("own-0.1.dist-info/RECORD", "own.py,,\\n")
    return "own-0.1-py3-none-any.whl"
"""
# Poetry's locks by pyproject.toml: the libraries of these tests differ only in what a lock does not have.
_locks: dict[str, str] = {}
_TOOL = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def library(folder: Path, *, text: str = "ANSWER = 42\n", tag: str = "py3-none-any") -> None:
    """Write a library of the team, with a build backend without dependencies."""
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(f'[project]\nname = "own"\nversion = "0.1"\ndependencies = []\n{_TOOL}')
    (folder / "backend.py").write_text(_BACKEND.replace("TAG", tag))
    (folder / "own.py").write_text(text)


def asking(project: Project, dependency: str) -> Path:
    """Return a project whose main group requires the library in this form, locked by Poetry itself."""
    root = project.write({"main": []})
    text = (root / "pyproject.toml").read_text().replace("dependencies = []\n", 'dynamic = ["dependencies"]\n')
    text += f"[tool.poetry.dependencies]\nown = {dependency}\n"
    (root / "pyproject.toml").write_text(text)
    if text not in _locks:
        run([find_tool("poetry", ROOT), "lock"], cwd=root)
        _locks[text] = (root / "poetry.lock").read_text()
    (root / "poetry.lock").write_text(_locks[text])
    return root


def content(root: Path) -> dict[str, Any]:
    """Return the project's only layer, with the text of own.py."""
    (layer,) = json.loads((root / "build" / "layers" / "layers.json").read_text())["layers"]
    with zipfile.ZipFile(root / layer["zip"]) as zipped:
        return {"text": zipped.read("python/own.py").decode(), "packages": layer["packages"], "sha": layer["sha256"]}


@pytest.mark.parametrize("develop", ["", ", develop = true"])
def test_a_library_of_the_repository_is_built_and_included(project: Project, develop: str) -> None:
    """The layer has the library, and a change of its source builds the layer again."""
    library(project.root / "libs" / "own")
    root = asking(project, f'{{path = "libs/own"{develop}}}')
    build(root)
    before = content(root)
    assert before["text"] == "ANSWER = 42\n"
    assert [package["name"] for package in before["packages"]] == ["own"]
    assert restore_build(root) == Restored([])
    (root / "libs" / "own" / "own.py").write_text("ANSWER = 43\n")
    assert restore_build(root) is None
    build(root)
    assert content(root)["text"] == "ANSWER = 43\n"


@pytest.mark.gate
def test_line_ends_change_nothing(project: Project) -> None:
    """A lock with CRLF has the same cache key, and a change of a library is still noticed."""
    library(project.root / "libs" / "own")
    root = asking(project, '{path = "libs/own", develop = true}')
    build(root)
    for name in ("poetry.lock", "pyproject.toml"):
        text = (root / name).read_bytes()
        (root / name).write_bytes(text.replace(b"\n", b"\r\n"))
    assert restore_build(root) == Restored([])
    (root / "libs" / "own" / "own.py").write_text("ANSWER = 43\n")
    assert restore_build(root) is None
    build(root)
    assert content(root)["text"] == "ANSWER = 43\n"


def test_output_of_an_earlier_build_is_not_shipped(project: Project) -> None:
    """Files in the library's build/ folder, which setuptools would include, are not shipped."""
    own = project.root / "libs" / "own"
    library(own)
    backend = own / "backend.py"
    backend.write_text(backend.read_text().replace("import os,", _LITTERS))
    root = asking(project, '{path = "libs/own"}')
    before = sorted(path.relative_to(own) for path in own.rglob("*"))
    build(root)
    assert sorted(path.relative_to(own) for path in own.rglob("*")) == before
    (own / "build" / "lib").mkdir(parents=True)
    (own / "build" / "lib" / "gone.py").write_text("")
    (own / "own.py").write_text("ANSWER = 43\n")
    build(root)
    assert content(root)["text"] == "ANSWER = 43\n"


@pytest.mark.gate
def test_the_layer_does_not_depend_on_the_backend_s_version(project: Project, tmp_path: Path) -> None:
    """The version of the build backend, which is not locked, does not change the layer."""
    own = project.root / "libs" / "own"
    library(own)
    root = asking(project, '{path = "libs/own"}')
    build(root)
    before = content(root)["sha"]
    backend = own / "backend.py"
    backend.write_text(backend.read_text().replace("Generator: BACKEND", "Generator: BACKEND 2"))
    build(root)
    assert content(root)["sha"] == before


_LITTERS = """
import os
if os.path.exists("build/lib/gone.py"):
    raise SystemExit("gone.py is taken in")
os.makedirs("build/lib", exist_ok=True)
import os,"""


def test_a_package_that_is_called_build_counts(tmp_path: Path) -> None:
    """`build` and `dist` are ignored only at the top of a library; below they are packages."""
    library(tmp_path / "own")
    before = library_key(tmp_path / "own")
    for name in ("build/lib/x.py", "dist/own.whl", "src/own.egg-info/PKG-INFO", "src/own/__pycache__/x.pyc"):
        (tmp_path / "own" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "own" / name).write_text("")
    assert library_key(tmp_path / "own") == before
    (tmp_path / "own" / "src" / "own" / "build").mkdir(parents=True)
    (tmp_path / "own" / "src" / "own" / "build" / "x.py").write_text("")
    assert library_key(tmp_path / "own") != before


@pytest.mark.gate
def test_a_library_built_for_another_machine_is_refused(project: Project) -> None:
    """A library whose wheel is for another machine is rejected."""
    library(project.root / "libs" / "own", tag="cp312-cp312-linux_aarch64")
    with pytest.raises(LayersError, match="own is a wheel for cp312-cp312-linux_aarch64"):
        build(asking(project, '{path = "libs/own"}'))


def test_a_commit_is_built_and_included(project: Project, tmp_path: Path) -> None:
    """The layer has the commit of the lock, not later commits of the branch."""
    origin = tmp_path / "origin"
    library(origin)
    git = ["git", "-C", str(origin), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *command], check=True)
    root = asking(project, f'{{git = "{origin.as_uri()}", branch = "main"}}')
    (origin / "own.py").write_text("ANSWER = 43\n")
    subprocess.run([*git, "commit", "-q", "-a", "-m", "two"], check=True)
    build(root)
    assert content(root)["text"] == "ANSWER = 42\n"
