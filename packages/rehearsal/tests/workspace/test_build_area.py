"""The area of builds and caches: a folder outside of the project, for one `.rehearsal/`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rehearsal.codebuild.work_folder import WorkFolder
from rehearsal.errors import WrongUse
from rehearsal.host.removal import await_removals
from rehearsal.workspace import build_area
from rehearsal.workspace.build_area import VARIABLE, found_above
from rehearsal.workspace.layout import Workspace
from rehearsal.workspace.retention import remove_all


@pytest.fixture
def areas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the areas of all projects of a test."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "areas"))
    return tmp_path / "areas"


def workspace(root: Path) -> Workspace:
    root.mkdir(exist_ok=True)
    space = Workspace(root)
    space.make()
    return space


def projects_in(areas: Path) -> list[Path]:
    """Return the areas, without the caches that they share."""
    return [path for path in areas.iterdir() if path.name != "shared"]


def test_builds_and_caches_are_outside_the_project_on_one_file_system(areas: Path, tmp_path: Path) -> None:
    """Caches can be renamed into a build's folder."""
    space = workspace(tmp_path / "project")
    assert space.builds.parent == space.caches.parent
    assert space.builds.is_relative_to(areas)
    (space.caches / "orders").mkdir()
    (space.caches / "orders").rename(space.builds / "orders")
    assert (space.home / "builds" / "orders").is_dir()


def test_caches_of_an_older_version_are_kept(areas: Path, tmp_path: Path) -> None:
    """Caches in `.rehearsal/`, where older versions had them, are moved to the area."""
    old = tmp_path / "project" / ".rehearsal" / "cache" / "orders"
    old.mkdir(parents=True)
    space = workspace(tmp_path / "project")
    assert (space.caches / "orders").is_dir()
    assert old.is_dir()
    assert areas in space.caches.parents


def test_a_copy_of_a_project_has_an_area_of_its_own(areas: Path, tmp_path: Path) -> None:
    """A copied project, whose links point to the original's area, gets a separate area."""
    space = workspace(tmp_path / "project")
    (space.caches / "orders").mkdir()
    shutil.copytree(space.root, tmp_path / "copy", symlinks=True)
    copied = workspace(tmp_path / "copy")
    assert copied.caches != space.caches
    assert (space.caches / "orders").is_dir()
    assert {*projects_in(areas)} == {space.caches.parent, copied.caches.parent}


def test_a_project_that_was_moved_keeps_its_caches(areas: Path, tmp_path: Path) -> None:
    """A moved project keeps its caches, in an area of its new name."""
    space = workspace(tmp_path / "project")
    (space.caches / "orders").mkdir()
    moved = workspace(space.root.rename(tmp_path / "moved"))
    assert (moved.caches / "orders").is_dir()
    assert projects_in(areas) == [moved.caches.parent]


def test_after_rehearsal_was_removed_nothing_old_is_found(areas: Path, tmp_path: Path) -> None:
    """After `.rehearsal/` is removed by hand, the caches are empty."""
    space = workspace(tmp_path / "project")
    (space.caches / "orders").mkdir()
    shutil.rmtree(space.home)
    again = workspace(space.root)
    assert not (again.caches / "orders").exists()
    assert again.caches.is_relative_to(areas)


def test_clean_all_removes_the_area(areas: Path, tmp_path: Path) -> None:
    """`clean --all` removes the project's area, and no other one."""
    space, other = workspace(tmp_path / "project"), workspace(tmp_path / "other")
    remove_all(space)
    assert projects_in(areas) == [other.caches.parent]


def test_the_area_of_a_project_that_is_gone_is_removed(areas: Path, tmp_path: Path) -> None:
    """The area of a deleted project is removed when another project creates its area."""
    deleted = workspace(tmp_path / "deleted")
    shutil.rmtree(deleted.root)
    other = workspace(tmp_path / "other")
    await_removals()
    assert projects_in(areas) == [other.caches.parent]


def test_a_folder_within_the_project_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An area inside of the project is refused, because builds would find the project in parent folders."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "project" / "builds"))
    with pytest.raises(WrongUse, match=f"{VARIABLE}: got .*/project/builds; a folder outside of"):
        workspace(tmp_path / "project")


def test_a_folder_with_nothing_above_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A candidate whose parent folders have no files that tools find is preferred."""
    monkeypatch.delenv(VARIABLE)
    roots = [tmp_path / "home" / "cache", tmp_path / "elsewhere"]
    monkeypatch.setattr(build_area, "_candidates", lambda: roots)
    assert workspace(tmp_path / "one").builds.is_relative_to(roots[0])
    (tmp_path / "home" / "package.json").write_text("{}")
    assert workspace(tmp_path / "two").builds.is_relative_to(roots[1])


def test_files_that_tools_find_above_are_listed(tmp_path: Path) -> None:
    """Files in parent folders that tools find, such as node_modules, are listed."""
    (tmp_path / "node_modules").mkdir()
    assert tmp_path / "node_modules" in found_above(tmp_path / "builds" / "one")


def test_without_any_folder_the_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If no candidate can be written to, the error names the variable to set."""
    monkeypatch.delenv(VARIABLE)
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(build_area, "_candidates", lambda: [tmp_path / "file" / "rehearsal"])
    with pytest.raises(WrongUse, match=f"cannot be used: set {VARIABLE}"):
        workspace(tmp_path / "project")


def test_only_folders_of_builds_that_nothing_links_to_are_unused(areas: Path, tmp_path: Path) -> None:
    """A build's folder is unused if no execution links to it, unless StartBuild started the build."""
    space = workspace(tmp_path / "project")
    assert areas in space.builds.parents
    for name in ("linked", "left", "started-1"):
        (space.builds / name / "build").mkdir(parents=True)
    action = space.execution("one") / "Build" / "Synth" / "1"
    action.mkdir(parents=True)
    (action / "build").symlink_to(space.builds / "linked" / "build")
    assert build_area.unused(space.builds, space.executions) == [space.builds / "left"]


def test_a_build_that_starts_during_the_search_is_in_use(
    areas: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build that starts while the links are read keeps its folder, as one execution starts when another ends."""
    space = workspace(tmp_path / "project")
    assert areas in space.builds.parents
    start_build(space, "one")
    readlink, builds, executions = Path.readlink, space.builds, space.executions

    def start_then_read(path: Path) -> Path:
        monkeypatch.setattr(Path, "readlink", readlink)
        start_build(space, "two")
        return readlink(path)

    monkeypatch.setattr(Path, "readlink", start_then_read)
    assert build_area.unused(builds, executions) == []
    assert {path.name for path in builds.iterdir()} == {"one", "two"}


def start_build(space: Workspace, name: str) -> None:
    """Create the folders of an execution and of its build, which have this name."""
    action = space.execution(name) / "Build" / "Synth" / "1"
    action.mkdir(parents=True)
    WorkFolder.linked(space.builds, f"build-{name}", action)
