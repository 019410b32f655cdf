"""Links from the caches of builds to entries of the user's cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.errors import WrongUse
from rehearsal.project.configuration import read_config
from rehearsal.workspace import prepared_folders
from rehearsal.workspace.prepared_folders import XDG

NAME = "project/environments"


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An entry of the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    entry = tmp_path / "cache" / NAME / "digest"
    entry.mkdir(parents=True)
    return entry


def test_builds_find_what_the_user_has_prepared(entry: Path, tmp_path: Path) -> None:
    """An entry that is added later is linked too."""
    for name in ("digest", "later"):
        (entry.parent / name).mkdir(exist_ok=True)
        prepared_folders.link(tmp_path / "caches", [NAME])
        assert (tmp_path / "caches" / XDG / NAME / name).samefile(entry.parent / name)


def test_entries_of_builds_stay(entry: Path, tmp_path: Path) -> None:
    """The user's entry of the same name does not replace them."""
    (own := tmp_path / "caches" / XDG / NAME / "digest").mkdir(parents=True)
    prepared_folders.link(tmp_path / "caches", [NAME])
    assert own.is_dir()
    assert not own.is_symlink()


def test_links_to_removed_entries_are_removed(entry: Path, tmp_path: Path) -> None:
    """A build could not create an entry under the name of a link that leads nowhere."""
    prepared_folders.link(tmp_path / "caches", [NAME])
    entry.rmdir()
    prepared_folders.link(tmp_path / "caches", [NAME])
    assert list((tmp_path / "caches" / XDG / NAME).iterdir()) == []


def test_a_cache_that_does_not_exist_is_no_error(entry: Path, tmp_path: Path) -> None:
    """A user who has prepared nothing yet has builds that prepare everything."""
    prepared_folders.link(tmp_path / "caches", ["other"])
    assert list((tmp_path / "caches" / XDG / "other").iterdir()) == []


@pytest.mark.parametrize("name", ["/etc", "../secrets", "a/../../b", "", ".", "~/x/.."])
def test_only_folders_below_the_cache_are_allowed(tmp_path: Path, name: str) -> None:
    """The message has the value, and an example of what is allowed."""
    (tmp_path / "rehearsal.toml").write_text(f'[codebuild]\nprepared = ["{name}"]\n')
    with pytest.raises(WrongUse, match=r"got '.*'; a folder below ~/.cache is allowed, such as 'project/environments'"):
        read_config(tmp_path)
