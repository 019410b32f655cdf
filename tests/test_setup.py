"""bin/setup: what a machine or a project lacks is said in words, and nothing half is left."""

from __future__ import annotations

import runpy
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.root import ROOT

NEEDED = (
    "README.md",
    "bin/setup",
    "pyproject.toml",
    "poetry.lock",
    "requirements-tools.txt",
    "package.json",
    "package-lock.json",
)

MADE = (".git", ".venv", ".tools", "node_modules", "build", "cdk.out", ".rehearsal", "__pycache__", ".*_cache")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files that set-up reads."""
    for name in NEEDED:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)
    return tmp_path


def setup(clone: Path, *arguments: str) -> tuple[int, str]:
    """Run it; the status, and what it said."""
    command = [shutil.which("python3") or "python3", "bin/setup", *arguments]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def test_an_unknown_argument_is_refused(clone: Path) -> None:
    """What was read, and what is allowed."""
    assert setup(clone, "everything") == (
        2,
        "setup: got everything; allowed are no argument at all, or `integration`\n",
    )


def test_what_the_cache_of_codebuild_links_is_made_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The link stays, and what it leads to holds what the pins say, then nothing more to do."""
    script = runpy.run_path(str(ROOT / "bin" / "setup"))
    provide: Callable[..., None] = script["provide"]
    monkeypatch.setitem(provide.__globals__, "ROOT", tmp_path)
    monkeypatch.setitem(provide.__globals__, "CACHE", tmp_path / "environments")
    (tmp_path / "kept" / "of an older lock").mkdir(parents=True)
    (tmp_path / ".venv").symlink_to("kept")

    def make(prepared: Path) -> None:
        (prepared / "bin").mkdir()
        (prepared / "bin" / "python").touch()

    for _ in range(2):
        provide(tmp_path / ".venv", "an environment", make, b"pins")
    assert (tmp_path / ".venv").is_symlink()
    assert sorted(each.name for each in (tmp_path / "kept").iterdir()) == [".setup-stamp", "bin"]
    assert capsys.readouterr().err == "setup: an environment -> .venv/\n"


@pytest.mark.slow
def test_a_missing_lock_is_refused(clone: Path) -> None:
    """Nothing is resolved here, so nothing can be installed without it."""
    (clone / "poetry.lock").unlink()
    code, said = setup(clone)
    assert code == 2
    assert "there is no poetry.lock" in said
    assert "make it with `poetry lock` and commit it" in said


@pytest.mark.slow
def test_a_python_that_is_nowhere_is_refused(clone: Path) -> None:
    """Which version, who asks for it, and how to get it; no environment is left behind."""
    pyproject = clone / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('python = "3.13"', 'python = "3.99"'))
    code, said = setup(clone)
    assert code == 2
    assert "no Python 3.99 was found on this machine; [tool.layers] in pyproject.toml names it" in said
    assert "pyenv install 3.99" in said
    assert not (clone / ".venv").exists()


@pytest.mark.slow
def test_a_project_that_is_moved_needs_no_new_environment(tmp_path: Path) -> None:
    """Commands and packages of the environment are found where the project is now."""
    before, after = tmp_path / "before", tmp_path / "after"
    shutil.copytree(ROOT, before, symlinks=True, ignore=shutil.ignore_patterns(*MADE))
    assert setup(before)[0] == 0
    before.rename(after)
    for command in ("rehearse", "lambda-layers"):
        subprocess.run([after / ".venv" / "bin" / command, "--help"], cwd=tmp_path, check=True, capture_output=True)
    code = "import rehearsal; print(rehearsal.__file__)"
    found = subprocess.run([after / ".venv/bin/python", "-c", code], check=True, capture_output=True, text=True)
    assert Path(found.stdout.strip()).is_relative_to(after)
    assert setup(after) == (0, "")
