"""A copy of this project, to follow its pages in."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.docs.page import run
from tests.root import ROOT

MADE = (".git", "build", "cdk.out", ".rehearsal", "__pycache__", ".*_cache", ".hypothesis")
# What `make setup` prepares: tests/template/test_team.py and tests/test_setup.py run it.
ENVIRONMENTS = (".venv", ".tools", "node_modules")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark the tests of this folder: they look at pages."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.pages)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the tracked and new files with this project's environments, in a separate repository, as a clone is."""
    folder = tmp_path / "copy"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*MADE, *ENVIRONMENTS))
    author = "-c user.name=Reader -c user.email=reader@example.com"
    run(f"git init -q -b main && git add -A && git {author} commit -q -m 'a copy'", folder)
    for name in ENVIRONMENTS:
        (folder / name).symlink_to(ROOT / name)
    (folder / ".git" / "info" / "exclude").write_text("\n".join(ENVIRONMENTS))
    return folder
