"""A copy of this project in which pages are followed."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.docs.page import run
from tests.root import ROOT

MADE = (".git", "build", "cdk.out", ".rehearsal", ".*_cache", ".hypothesis")
# The folders of `make setup`, which tests/template/test_team.py and tests/setup run.
ENVIRONMENTS = (".venv", ".tools", "node_modules")
COPIED = "copied"


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark the tests of this folder as tests of pages."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.pages)


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the tracked and new files, whose environments share files with this project's."""
    folder = tmp_path_factory.mktemp("reader") / "copy"
    shutil.copytree(ROOT, folder, ignore=without_tests_of_packages)
    author = "-c user.name=Reader -c user.email=reader@example.com"
    run(f"git init -q -b main && git add -A && git {author} commit -q -m 'a copy' && git tag {COPIED}", folder)
    # Links of files, not of the folders: set-up of the copy replaces files of its environments.
    subprocess.run(["cp", "--archive", "--link", *(ROOT / name for name in ENVIRONMENTS), folder], check=True)
    return folder


def without_tests_of_packages(folder: str, names: list[str]) -> set[str]:
    """Return the names that a copy leaves out of a folder: what commands write, and the tests of packages."""
    tests = {"tests"} if Path(folder).parent == ROOT / "packages" else set()
    return tests | shutil.ignore_patterns(*MADE, *ENVIRONMENTS)(folder, names)


def restore(reader: Path) -> None:
    """Remove what an earlier test changed or built."""
    kept = " ".join(f"--exclude={name}" for name in (*ENVIRONMENTS, "__pycache__"))
    run(f"git reset -q --hard {COPIED} && git clean -q -fdx {kept}", reader)


@pytest.fixture
def copy(reader: Path) -> Path:
    """The repository as it was copied."""
    restore(reader)
    return reader
