"""Download caches that all projects share, and their removal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from rehearsal.cli import cli
from rehearsal.errors import WrongUse
from rehearsal.workspace import retention, shared_caches
from rehearsal.workspace.build_area import VARIABLE
from rehearsal.workspace.layout import Workspace


@pytest.fixture
def areas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the areas of all projects of a test."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "areas"))
    return tmp_path / "areas"


@pytest.fixture
def projects(areas: Path, tmp_path: Path) -> tuple[Workspace, Workspace]:
    first, second = (Workspace(tmp_path / name) for name in ("first", "second"))
    for space in (first, second):
        space.root.mkdir()
        space.make()
    return first, second


def fill(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(100_000))
    return path


def test_projects_share_downloads(projects: tuple[Workspace, Workspace]) -> None:
    """A download of one project is available in another one, and counts for neither."""
    first, second = projects
    for name in shared_caches.NAMES:
        fill(first.caches / name / "package")
        assert (second.caches / name / "package").exists()
    assert max(map(retention.workspace_usage, projects)) < 100_000 < retention.disk_usage(first.shared_caches)


def test_caches_of_a_buildspec_belong_to_a_project(projects: tuple[Workspace, Workspace]) -> None:
    """Caches of a buildspec and of XDG_CACHE_HOME are not shared."""
    first, second = projects
    for name in ("projects", "xdg"):
        fill(first.caches / name / "file")
        assert not (second.caches / name).exists()


def test_caches_that_a_project_had_by_itself_are_moved_or_removed(areas: Path, tmp_path: Path) -> None:
    """The first project's downloads become the shared caches; the second project's are removed."""
    for name in ("first", "second"):
        fill(tmp_path / name / ".rehearsal" / "cache" / "npm" / name)
        Workspace(tmp_path / name).make()
    assert [path.name for path in (areas / "shared" / "npm").iterdir()] == ["first"]
    assert (Workspace(tmp_path / "second").caches / "npm" / "first").exists()


def test_caches_in_use_are_not_removed(projects: tuple[Workspace, Workspace]) -> None:
    """Shared caches cannot be removed while an embedded AWS uses them."""
    first, second = projects
    package = fill(first.caches / "uv" / "package")
    assert retention.remove_shared_caches(second.shared_caches) >= 100_000
    assert (package.exists(), package.parent.is_dir()) == (False, True)
    fill(package)
    shared_caches.keep_until_exit(first.shared_caches)
    with pytest.raises(WrongUse, match="end the embedded AWS of every project"):
        retention.remove_shared_caches(second.shared_caches)
    assert package.exists()


def test_the_last_project_that_goes_takes_them_along(projects: tuple[Workspace, Workspace], areas: Path) -> None:
    """`clean --all` removes the shared caches only with the last project."""
    first, second = projects
    fill(first.caches / "pip" / "package")
    retention.remove_all(first)
    assert (second.caches / "pip" / "package").exists()
    assert retention.remove_all(second) >= 100_000
    assert not (areas / "shared" / "pip" / "package").exists()


def test_shared_caches_have_a_limit(projects: tuple[Workspace, Workspace]) -> None:
    """The disk limit of a project applies to the shared caches too; the message says what was removed."""
    first, _ = projects
    package = fill(first.caches / "npm" / "package")
    assert retention.enforce_disk_limit(first, 10**6) == []
    assert package.exists()
    (first.home / "measured").unlink()
    (message,) = retention.enforce_disk_limit(first, 90_000)
    assert message.startswith("the caches that projects share take more than 90 kB: removed, 10")
    assert not package.exists()


def test_clean_removes_them_by_an_option(
    projects: tuple[Workspace, Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`clean --shared-caches` removes only the shared caches; `clean` keeps them."""
    first, _ = projects
    (first.root / "cdk.json").write_text("{}")
    monkeypatch.chdir(first.root)
    shared, own = fill(first.caches / "npm" / "package"), fill(first.caches / "projects" / "package")
    assert CliRunner().invoke(cli, ["clean"]).exit_code == 0
    assert shared.exists()
    done = CliRunner().invoke(cli, ["clean", "--shared-caches"])
    assert (done.exit_code, done.output) == (0, f"freed 102 kB in {first.shared_caches}\n")
    assert (shared.exists(), own.exists()) == (False, True)
