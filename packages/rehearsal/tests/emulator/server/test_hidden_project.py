"""The folder that is hidden from builds: the repository around the project, but not the user's home."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.emulator.server.hidden_project import hidden_folder
from rehearsal.workspace.build_area import VARIABLE
from rehearsal.workspace.layout import Workspace


def workspace(root: Path) -> Workspace:
    root.mkdir(parents=True, exist_ok=True)
    space = Workspace(root)
    space.make()
    return space


@pytest.fixture(autouse=True)
def _areas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "areas"))


def test_a_project_without_a_repository_is_hidden_itself(tmp_path: Path) -> None:
    """Without a repository only the project's folder is hidden."""
    assert hidden_folder(workspace(tmp_path / "project")) == tmp_path / "project"


def test_a_project_below_the_root_hides_the_whole_repository(tmp_path: Path) -> None:
    """A project in a subfolder hides the whole repository."""
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    assert hidden_folder(workspace(tmp_path / "repository" / "infrastructure")) == tmp_path / "repository"


def test_a_home_that_is_a_repository_stays_visible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home that is a repository stays visible, since builds find tools such as pyenv's interpreters there."""
    (tmp_path / "home" / ".git").mkdir(parents=True)
    entry = type("Entry", (), {"pw_dir": str(tmp_path / "home")})
    monkeypatch.setattr("pwd.getpwuid", lambda _: entry)
    assert hidden_folder(workspace(tmp_path / "home" / "project")) == tmp_path / "home" / "project"


def test_a_repository_in_which_builds_work_stays_visible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository with the builds' folder stays visible, since builds write there."""
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "repository" / "builds"))
    space = workspace(tmp_path / "repository" / "project")
    assert hidden_folder(space) == space.root
