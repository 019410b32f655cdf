"""`clean` and the limit: what goes, in which order, and what stays."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from rehearsal import disk
from rehearsal.engine.journal import Journal
from rehearsal.workspace import Server, Workspace
from tests.rehearsal.commands.conftest import Tiny

MEGABYTE = 10**6


@pytest.fixture
def used(project: Workspace) -> Workspace:
    """Twelve executions of half a megabyte each, two caches of one, and a folder that can be made again."""
    project.make()
    for number in range(12):
        name = f"execution-{number:02}"
        written = Journal(project.journal(name))
        written.write("execution-started", execution=name, pipeline="tiny", stages=[], trigger={})
        written.close()
        fill(project.execution(name) / "Build" / "Synth" / "action.log", MEGABYTE // 2)
    for age, name in enumerate(("new", "old")):
        fill(project.caches / name / "big", MEGABYTE)
        os.utime(project.caches / name, (1_700_000_000 - age, 1_700_000_000 - age))
    fill(project.home / "deploy" / "manifest.json", MEGABYTE)
    return project


def fill(path: Path, count: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * count)


def test_old_executions_go_and_the_last_ones_stay(used: Workspace, empty: Tiny) -> None:
    """With their logs; caches are no waste."""
    code, printed = empty.call("clean", "--keep", "3")
    assert code == 0
    assert used.newest_first() == ["execution-11", "execution-10", "execution-09"]
    assert (used.execution("execution-09") / "Build" / "Synth" / "action.log").exists()
    assert (used.caches / "old" / "big").exists()
    assert not (used.home / "deploy").exists()
    assert re.fullmatch(r"freed 5\.\d MB; \.rehearsal/ takes 3\.\d MB now\n", printed)


def test_everything_goes_when_all_is_wanted(used: Workspace, empty: Tiny) -> None:
    """Nothing is left; a second call finds nothing."""
    code, printed = empty.call("clean", "--all")
    assert code == 0
    assert re.fullmatch(r"removed \.rehearsal/: 9\.\d MB\n", printed)
    assert not used.home.exists()
    assert empty.call("clean") == (0, "there is no .rehearsal/\n")


def test_all_is_refused_while_something_runs(used: Workspace, empty: Tiny) -> None:
    """Its files are in use."""
    used.write_server(Server(os.getpid(), "http://127.0.0.1:1"))
    code, printed = empty.call("clean", "--all")
    assert code == 2
    assert "`python -m rehearsal down` first" in printed
    assert used.home.exists()


def test_within_the_limit_nothing_goes(used: Workspace) -> None:
    """However old it is."""
    assert disk.look_after(used, 100 * MEGABYTE) == []
    assert len(used.newest_first()) == 12


def test_beyond_the_limit_executions_go_before_caches(used: Workspace) -> None:
    """The cache that was used last stays the longest, and the last executions stay in any case."""
    said = disk.look_after(used, 6_500_000)
    assert len(used.newest_first()) == disk.KEPT_EXECUTIONS
    assert [each.name for each in used.caches.iterdir()] == ["new"]
    assert "removed the cache old, 1.0 MB" in said


def test_a_limit_is_looked_after_once_a_day(used: Workspace) -> None:
    """Measuring takes time, and a disk does not fill up in minutes."""
    assert disk.look_after(used, 100 * MEGABYTE) == []
    assert disk.look_after(used, 1) == []
    stamp = used.home / "measured"
    os.utime(stamp, (stamp.stat().st_mtime - disk.MEASURED_EVERY - 1,) * 2)
    assert disk.look_after(used, 1)


def test_a_file_with_two_names_counts_once(tmp_path: Path) -> None:
    """uv's cache and the environments made from it share their files."""
    fill(tmp_path / "a" / "one", MEGABYTE)
    before = disk.size(tmp_path)
    (tmp_path / "b").mkdir()
    os.link(tmp_path / "a" / "one", tmp_path / "b" / "two")
    assert disk.size(tmp_path) == before
