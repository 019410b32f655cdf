"""bin/setup: errors for missing parts, and no partial results."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.setup.conftest import run_setup


def test_an_unknown_argument_is_refused(clone: Path) -> None:
    """An unknown argument is an error with the value read and the allowed values."""
    assert run_setup(clone, "everything") == (
        2,
        "setup: got everything; allowed are no argument at all, `verify`, `integration`, `browser`, or `tools`\n",
    )


@pytest.mark.parametrize("name", ["requirements-tools.txt", "pyproject.toml"])
def test_a_missing_file_is_refused(clone: Path, name: str) -> None:
    """A missing file of the project is an error with the command that restores it."""
    (clone / name).unlink()
    code, said = run_setup(clone, "integration" if name == "pyproject.toml" else "tools")
    assert (code, said) == (2, f"setup: there is no {name} in {clone}; `git checkout -- {name}` restores it\n")


@pytest.mark.slow
def test_a_python_that_is_nowhere_is_refused(equipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing Python is an error with version, reason and remedy, and leaves no environment."""
    # The search starts each interpreter of the machine, twice.
    monkeypatch.setenv("PYENV_ROOT", str(equipped / "pyenv"))
    monkeypatch.setenv("PATH", os.defpath)
    pyproject = equipped / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('python = "3.13"', 'python = "3.99"'))
    code, said = run_setup(equipped)
    assert code == 2
    assert "no Python 3.99 was found on this machine, and `" in said
    assert "uv python install --no-bin 3.99` ended with" in said
    assert "[tool.layers] in pyproject.toml names it as the functions' runtime" in said
    assert "pyenv install 3.99" in said
    assert not (equipped / ".venv").exists()


@pytest.mark.slow
def test_a_project_that_is_moved_needs_no_new_environment(
    equipped: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Commands and packages work after the project is moved."""
    (equipped / "VERSION").write_text("1.0\n")
    package = equipped / "packages" / "demo"
    (package / "pyproject.toml").write_text('[project]\nname = "demo"\n[project.scripts]\ndemo = "demo:main"\n')
    (package / "src" / "demo.py").write_text("def main():\n    print(__file__)\n")
    assert run_setup(equipped, "integration")[0] == 0
    after = equipped.rename(tmp_path_factory.mktemp("moved") / "project")
    commands = after / "build" / "integration" / "bin"
    subprocess.run([commands / "pytest", "--version"], cwd=after.parent, check=True, capture_output=True)
    found = subprocess.run([commands / "demo"], cwd=after.parent, check=True, capture_output=True, text=True)
    assert Path(found.stdout.strip()).is_relative_to(after)
    assert run_setup(after, "integration") == (0, "")


@pytest.mark.parametrize("version", [None, "20.0.2", "22.2.2", "22.3", "25.3rc1", "26.0.dev1"])
def test_uv_is_installed_with_any_pip(
    tmp_path: Path, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch, version: str | None
) -> None:
    """The machine's pip installs uv; if it is missing or older than 22.3, the pip of a new environment does."""
    ran = list[list[str]]()
    monkeypatch.setitem(sys.modules, "pip", version and SimpleNamespace(__version__=version))
    monkeypatch.setattr(script["commands"], "run", lambda command, **_: ran.append(command))
    monkeypatch.setattr(script["commands"], "download", ran.append)
    assert script["install_uv"](tmp_path, "uv==1 \\\n  --hash=sha256:0\n") == f"{tmp_path}/bin/uv"
    own = version in (None, "20.0.2", "22.2.2")
    assert ("--without-pip" in ran[0], "--python" in ran[1]) == (not own, not own)
    assert "--require-hashes" in ran[1]
    assert (tmp_path / "uv.txt").read_text() == "uv==1    --hash=sha256:0"


def test_a_python_that_is_missing_is_installed(
    script: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """uv installs a missing Python for this user, and the output says so."""
    installed = list[str]()

    def run(command: list[str], **_: str) -> str:
        if command[1:3] == ["python", "install"]:
            installed.append(command[-1])
        return "/somewhere/python3.13\n" if installed else "\n"

    monkeypatch.setattr(script["interpreters"], "run", run)
    assert script["interpreters"].interpreter("3.13") == "/somewhere/python3.13"
    assert installed == ["3.13"]
    assert capsys.readouterr().err == "setup: installing Python 3.13, which this machine lacks\n"


def test_cdk_has_the_files_of_its_own_distribution() -> None:
    """Files that aws-cdk-lib shares with its dependency have aws-cdk-lib's content, as with pip."""
    files = {str(file): file for file in distribution("aws-cdk-lib").files or ()}
    shared = [str(file) for file in distribution("aws-cdk.cloud-assembly-schema").files or () if str(file) in files]
    assert shared
    for name in shared:
        noted = files[name].hash
        digest = hashlib.sha256(Path(files[name].locate()).read_bytes()).digest()
        assert noted is not None
        assert noted.value == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
