"""`.rehearsal/`: which execution is the latest, and what is kept of older ones."""

from __future__ import annotations

import os
from pathlib import Path

from rehearsal.workspace import KEPT_FAILURES, Workspace


def executed(space: Workspace, name: str, age: int) -> Path:
    """An execution whose build failed `age` seconds ago; the folder that the build worked in."""
    work = space.execution(name) / "Build" / "Synth" / "sources"
    work.mkdir(parents=True)
    (work / "big").write_text("x")
    (work.parent / "action.log").write_text("why it failed")
    space.journal(name).write_text("")
    when = 1_700_000_000 - age
    os.utime(space.execution(name), (when, when))
    return work


def test_the_latest_execution_is_the_one_started_last(tmp_path: Path) -> None:
    """Whatever its id."""
    space = Workspace(tmp_path)
    assert space.latest() is None
    executed(space, "b", age=10)
    executed(space, "a", age=20)
    assert space.latest() == "b"


def test_logs_are_kept_longer_than_folders(tmp_path: Path) -> None:
    """The newest failures can be looked into; of the others the log and the journal are left."""
    space = Workspace(tmp_path)
    folders = [executed(space, str(age), age=age) for age in range(KEPT_FAILURES + 2)]
    space.tidy()
    assert [folder.exists() for folder in folders] == [True] * KEPT_FAILURES + [False, False]
    assert all((folder.parent / "action.log").exists() for folder in folders)
    assert space.journal("3").exists()
