"""A copy of this project, in which tests plant faults."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.root import ROOT

MADE = (".git", "cdk.out", ".rehearsal", ".*_cache", ".hypothesis", ".venv", ".tools", "node_modules")


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project without .git, with the packages that the gates need and its environments, in a separate folder."""
    folder = tmp_path_factory.mktemp("gates") / "project"
    shutil.copytree(ROOT, folder, ignore=unneeded)
    for tools in (".venv", ".tools", "node_modules"):
        (folder / tools).symlink_to(ROOT / tools)
    return folder


def unneeded(folder: str, names: list[str]) -> set[str]:
    """Return the names in a folder that the copy does without."""
    packages = ROOT / "packages"
    others = {"console", "rehearsal"} if Path(folder) == packages else set()
    tests = {"tests"} if Path(folder).parent == packages else set()
    return others | tests | shutil.ignore_patterns(*MADE)(folder, names)
