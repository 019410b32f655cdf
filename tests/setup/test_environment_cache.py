"""bin/setup copies environments from a cache, and repairs changed ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Additions:
    """A project whose environment has a base file and a package of one file that is added last."""

    folder: Path
    script: dict[str, Any]

    def provide(self, name: str, *, fails: bool = False) -> None:
        """Provide the environment with this package, or fail while it is added."""

        def finish(place: Path) -> None:
            (place / "lib" / name).mkdir()
            (place / "lib" / name / f"{name}.py").touch()
            if fails:
                raise self.script["SetupError"]("no room")

        provide = self.script["environment_cache"].provide
        provide(self.folder / ".venv", "it", self._make, b"pins", finish=finish, added=name.encode())

    def names(self) -> list[str]:
        """Return the names in the environment's folder of packages."""
        return sorted(
            path.relative_to(self.folder / ".venv/lib").as_posix() for path in self.folder.rglob(".venv/lib/**/*")
        )

    @staticmethod
    def _make(prepared: Path) -> None:
        for name in ("bin/python", "lib/base.py"):
            (prepared / name).parent.mkdir()
            (prepared / name).touch()


@pytest.fixture
def additions(tmp_path: Path, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Additions:
    """A project with a separate cache."""
    monkeypatch.setattr(script["environment_cache"], "CACHE", tmp_path / "environments")
    return Additions(tmp_path, script)


def test_last_additions_are_not_cached(additions: Additions) -> None:
    """The last additions to an environment are not cached."""
    additions.provide("first")
    (prepared,) = (additions.folder / "environments").iterdir()
    assert sorted(path.name for path in prepared.rglob("*")) == [".setup-files", "base.py", "bin", "lib", "python"]


def test_other_additions_replace_the_last_ones(additions: Additions) -> None:
    """Other additions replace the last ones with their folders, and only changed files are copied again."""
    base = additions.folder / ".venv" / "lib" / "base.py"
    additions.provide("first")
    before = base.stat().st_ino
    for _ in range(2):
        additions.provide("second")
        assert additions.names() == ["base.py", "second", "second/second.py"]
        assert base.stat().st_ino == before
    base.write_text("edited")
    additions.provide("third")
    assert additions.names() == ["base.py", "third", "third/third.py"]
    assert base.read_text() == ""


def test_interrupted_additions_leave_no_file(additions: Additions) -> None:
    """The environment is created again after an addition that failed, with the former one too."""
    additions.provide("first")
    with pytest.raises(additions.script["SetupError"]):
        additions.provide("second", fails=True)
    additions.provide("first")
    assert additions.names() == ["base.py", "first", "first/first.py"]


def test_an_environment_behind_a_cache_link_is_replaced_in_place(
    tmp_path: Path,
    script: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An environment behind CodeBuild's cache link is replaced in its place, and then reused."""
    provide: Callable[..., None] = script["environment_cache"].provide
    monkeypatch.setattr(script["environment_cache"], "CACHE", tmp_path / "environments")
    (tmp_path / "kept" / "of an older lock").mkdir(parents=True)
    (tmp_path / ".venv").symlink_to("kept")

    def make(prepared: Path) -> None:
        (prepared / "bin").mkdir()
        (prepared / "bin" / "python").touch()

    for _ in range(2):
        provide(tmp_path / ".venv", "an environment", make, b"pins")
    assert (tmp_path / ".venv").is_symlink()
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == [".setup-files", ".setup-stamp", "bin"]
    assert capsys.readouterr().err == "setup: an environment -> .venv/\n"


@dataclass(frozen=True)
class Clones:
    """Clones that share one prepared environment, and the number of its preparations."""

    folder: Path
    script: dict[str, Any]
    prepared: list[Path] = field(default_factory=list)

    def provide(self, clone: str, *, verify: bool = False) -> Path:
        """Provide the environment to a clone, and return the folder with its packages."""
        self.script["project"].ROOT = self.folder / clone
        provide = self.script["environment_cache"].provide
        provide(self.folder / clone / ".venv", "an environment", self._make, b"pins", verify=verify)
        return self.folder / clone / ".venv" / "lib"

    def _make(self, folder: Path) -> None:
        self.prepared.append(folder)
        for name in (
            "bin/python",
            "lib/native.so",
            "lib/large.py",
            "lib/data.json",
            "lib/.npm.json",
            "lib/module.py",
            "lib/other.py",
        ):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(f"# {name}\n" * (20_000 if "large" in name else 1))
        (folder / "bin" / "python3").symlink_to("python")


@pytest.fixture
def clones(tmp_path: Path, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Clones:
    """Two clones, `one` and `two`, with a separate cache."""
    monkeypatch.setattr(script["environment_cache"], "CACHE", tmp_path / "environments")
    return Clones(tmp_path, script)


@pytest.mark.gate
@pytest.mark.parametrize("name", ["module.py", "other.py"])
def test_an_edit_reaches_neither_the_cache_nor_another_clone(clones: Clones, name: str) -> None:
    """An in-place edit in one clone changes neither the cache nor the other clone."""
    one, two = clones.provide("one"), clones.provide("two")
    with (one / name).open("a") as file:
        file.write("print('debugging')\n")
    (cached,) = (clones.folder / "environments").glob(f"*/lib/{name}")
    assert (two / name).read_text() == cached.read_text() == f"# lib/{name}\n"


@pytest.mark.gate
def test_what_clones_share_cannot_be_written(clones: Clones) -> None:
    """Shared native libraries, data and large files are read-only links, also for their owner."""
    one, two = clones.provide("one"), clones.provide("two")
    for name in ("native.so", "data.json", "large.py"):
        assert (one / name).samefile(two / name)
        assert not (one / name).stat().st_mode & 0o222
    for name in ("module.py", ".npm.json"):
        assert (one / name).stat().st_mode & 0o200


@pytest.mark.gate
@pytest.mark.parametrize("change", ["edited", "edited and dated back", "deleted", "another link"])
def test_make_setup_repairs_changed_files(clones: Clones, capsys: pytest.CaptureFixture[str], change: str) -> None:
    """`make setup` restores only changed files from the cache, and names them."""
    one = clones.provide("one")
    path = one.parent / "bin" / "python3" if change == "another link" else one / "module.py"
    moment = path.stat().st_mtime_ns
    if change.startswith("edited"):
        path.write_text("# edited, and of another length\n")
    else:
        path.unlink()
    if change == "another link":
        path.symlink_to("elsewhere")
    if change == "edited and dated back":
        os.utime(path, ns=(moment, moment))
    capsys.readouterr()
    clones.provide("one", verify=True)
    assert (one / "module.py").read_text() == "# lib/module.py\n"
    assert (one.parent / "bin" / "python3").readlink() == Path("python")
    assert capsys.readouterr().err == f"setup: .venv/ was changed: {path.relative_to(one.parent)}\n"
    assert len(clones.prepared) == 1
    clones.provide("one", verify=True)
    assert capsys.readouterr().err == ""


def test_other_dates_and_more_files_are_no_change(clones: Clones, capsys: pytest.CaptureFixture[str]) -> None:
    """Other dates and additional files do not count as changes."""
    one = clones.provide("one")
    os.utime(one / "module.py", (0, 0))
    (one / "added.py").write_text("")
    capsys.readouterr()
    clones.provide("one", verify=True)
    assert capsys.readouterr().err == ""
    assert (one / "added.py").exists()


@pytest.mark.gate
@pytest.mark.parametrize("name", ["module.py", "native.so"])
def test_a_changed_cache_is_prepared_again(clones: Clones, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """A changed cache is prepared again with a message, and the clones get the right file."""
    clones.provide("one")
    (cached,) = (clones.folder / "environments").glob(f"*/lib/{name}")
    cached.chmod(0o644)
    cached.write_text("# changed\n")
    two = clones.provide("two")
    assert (two / name).read_text() == f"# lib/{name}\n"
    assert f"lib/{name} was changed; preparing it again" in capsys.readouterr().err
    assert len(clones.prepared) == 2
    one = clones.provide("one", verify=True)
    assert (one / name).read_text() == f"# lib/{name}\n"


@pytest.mark.gate
@pytest.mark.parametrize("fault", ["changed", "gone"])
def test_a_linked_environment_that_is_damaged_is_prepared_again(clones: Clones, fault: str) -> None:
    """A build with a damaged linked cache prepares the environment again, and removes no file of the user's."""
    clones.provide("one")
    (prepared,) = (clones.folder / "environments").iterdir()
    users = prepared.rename(clones.folder / prepared.name)
    prepared.symlink_to(users)
    module = users / "lib" / "module.py"
    if fault == "changed":
        module.write_text("# changed\n")
    else:
        users.rename(clones.folder / "elsewhere")
    two = clones.provide("two")
    assert (two / "module.py").read_text() == "# lib/module.py\n"
    assert not prepared.is_symlink()
    assert len(clones.prepared) == 2
    assert fault == "gone" or module.read_text() == "# changed\n"


def test_a_linked_environment_is_used(clones: Clones) -> None:
    """A build copies the user's linked environment, and prepares nothing."""
    clones.provide("one")
    (prepared,) = (clones.folder / "environments").iterdir()
    prepared.symlink_to(prepared.rename(clones.folder / prepared.name))
    assert (clones.provide("two") / "module.py").exists()
    assert len(clones.prepared) == 1


@pytest.mark.gate
def test_a_changed_script_shares_no_environment(
    clones: Clones, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed bin/setup does not use environments that another version has prepared."""
    clones.provide("one")
    (changed := tmp_path / "setup").write_text("raise SystemExit(1)\n")
    monkeypatch.setattr(clones.script["environment_cache"], "SOURCES", (changed,))
    clones.provide("two")
    assert len(clones.prepared) == 2
