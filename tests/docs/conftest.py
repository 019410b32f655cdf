"""A copy of this project in which the pages are followed."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.docs.page import run
from tests.root import ROOT

MADE = (".git", "build", "cdk.out", ".rehearsal", "__pycache__", ".*_cache", ".hypothesis")
# The folders of `make setup`, which tests/template/test_team.py and tests/test_setup.py run.
ENVIRONMENTS = (".venv", ".tools", "node_modules")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark the tests of this folder as tests of pages."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.pages)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the tracked and new files in a separate repository, whose environments share files with this one's."""
    folder = tmp_path / "copy"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*MADE, *ENVIRONMENTS))
    author = "-c user.name=Reader -c user.email=reader@example.com"
    run(f"git init -q -b main && git add -A && git {author} commit -q -m 'a copy'", folder)
    # Links of files, not of the folders: set-up of the copy replaces files of its environments.
    subprocess.run(["cp", "--archive", "--link", *(ROOT / name for name in ENVIRONMENTS), folder], check=True)
    return folder
