"""The version from which an upgrade starts."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.upgrade.trees import RECORDED, last_release


def git(folder: Path, *arguments: str) -> None:
    author = ["-c", "user.name=a", "-c", "user.email=a@localhost"]
    subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True)


def test_an_upgrade_starts_from_the_last_release(tmp_path: Path) -> None:
    """An upgrade starts from the newest release tag, or from the recorded commit before the first release."""
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--allow-empty", "--message", "first")
    git(tmp_path, "tag", "other")
    assert last_release(tmp_path) == RECORDED
    git(tmp_path, "tag", "--annotate", "v1.0.0", "--message", "first release")
    git(tmp_path, "commit", "--allow-empty", "--message", "second")
    assert last_release(tmp_path) == "v1.0.0"
