"""bin/setup exports the packages of the lock, and rejects a stale or missing one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.setup.conftest import run_setup


@pytest.mark.gate
def test_the_lock_is_the_one_that_the_project_names(clone: Path, script: dict[str, Any]) -> None:
    """The project's only lock is used; with two, [tool.layers] decides, and a missing one is an error."""
    find, pyproject = script["project"].lock, (clone / "pyproject.toml").read_text()
    assert find().name == "poetry.lock"
    (clone / "uv.lock").touch()
    with pytest.raises(script["SetupError"], match=r"poetry.lock and uv.lock; say which one in \[tool.layers\]"):
        find()
    (clone / "pyproject.toml").write_text(pyproject.replace("[tool.layers]\n", "[tool.layers]\nlock = 'uv.lock'\n"))
    assert find().name == "uv.lock"
    (clone / "uv.lock").unlink()
    with pytest.raises(script["SetupError"], match=r"there is no uv.lock.*make it with `uv lock`"):
        find()
    (clone / "pyproject.toml").write_text(pyproject)
    (clone / "uv.lock").touch()
    (clone / "poetry.lock").unlink()
    assert find().name == "uv.lock"


UV_PROJECT = """\
[project]
name = "p"
version = "1"
requires-python = ">=3.10"
[tool.uv]
index-url = "https://packages.example/simple"
[dependency-groups]
other = []
"""

UV_LOCK = """version = 1
revision = 3
requires-python = ">=3.10"

[[package]]
name = "p"
version = "1"
source = { virtual = "." }

[package.dev-dependencies]
test = [{ name = "base" }]

[package.metadata]

[package.metadata.requires-dev]
other = []
test = [{ name = "base" }]

[[package]]
name = "base"
version = "1.0"
source = { registry = "https://packages.example/simple" }
wheels = [{ url = "https://packages.example/base-1.0-py3-none-any.whl", hash = "sha256:HASH", size = 1 }]
"""


@pytest.mark.gate
def test_the_groups_of_a_lock_of_uv_are_exported(clone: Path, script: dict[str, Any]) -> None:
    """Groups of uv.lock are exported with hashes; a stale lock is an error with the command that fixes it."""
    (clone / "pyproject.toml").write_text(f'{UV_PROJECT}test = ["base"]\n')
    (clone / "uv.lock").write_text(UV_LOCK.replace("HASH", "a" * 64))
    exported = script["installation"].export(clone / "uv.lock", ["other", "test"], lambda: sys.executable)
    assert exported.replace("\\\n", "").split() == ["base==1.0", f"--hash=sha256:{'a' * 64}"]
    (clone / "pyproject.toml").write_text(UV_PROJECT)
    with pytest.raises(script["SetupError"], match="`uv lock` fixes it"):
        script["installation"].export(clone / "uv.lock", ["other"], lambda: sys.executable)


@pytest.mark.slow
@pytest.mark.gate
def test_a_stale_lock_of_poetry_is_refused(clone: Path, script: dict[str, Any]) -> None:
    """A poetry.lock that does not match pyproject.toml is an error with the command that fixes it."""
    pyproject = clone / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('"mypy>=', '"mypy>1,>='))
    with pytest.raises(script["SetupError"], match="`poetry lock` fixes it"):
        script["installation"].export(clone / "poetry.lock", ["quality"], lambda: sys.executable)


@pytest.mark.slow
def test_a_missing_lock_is_refused(equipped: Path) -> None:
    """A missing lock is an error with the command that creates it."""
    (equipped / "poetry.lock").unlink()
    code, said = run_setup(equipped)
    assert code == 2
    assert "there is no poetry.lock" in said
    assert "make it with `poetry lock` and commit it" in said
