"""`make lint` reads the same files in a build, which has no repository and no .gitignore, as in a clone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.root import ROOT

SETTINGS = (ROOT / "pyproject.toml").read_text()
IGNORED = [line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line.endswith("/")]


def linted(root: Path, settings: str) -> set[str]:
    """Return the folders that git ignores and ruff reads outside of a repository."""
    (root / "pyproject.toml").write_text(settings)
    for name in IGNORED:
        (root / name).mkdir(exist_ok=True)
        (root / name / "module.py").write_text("")
    command = ["ruff", "check", "--show-files", "."]
    done = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return {Path(line).relative_to(root).parts[0] for line in done.stdout.splitlines()} & {*IGNORED}


# Python writes no module there.
WITHOUT_MODULES = {"__pycache__", ".gates_cache", ".import_linter_cache", ".hypothesis"}


def test_no_folder_that_git_ignores_is_linted(tmp_path: Path) -> None:
    """ruff reads no ignored folder, although a build's source has tools and results."""
    assert linted(tmp_path, SETTINGS) <= WITHOUT_MODULES


@pytest.mark.gate
def test_a_folder_that_ruff_does_not_leave_out_is_found(tmp_path: Path) -> None:
    """The check finds an ignored folder such as `.tools` that ruff does not exclude."""
    assert ".tools" in linted(tmp_path, SETTINGS.replace(', ".tools"]', "]"))
