"""Locks of the workspace, between commands and the embedded AWS."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from rehearsal.errors import WrongUse
from rehearsal.workspace import locks, retention
from rehearsal.workspace.layout import Workspace


def test_a_scratch_folder_may_go_while_it_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scratch folder that another command removes at the same time is skipped."""
    space = Workspace(tmp_path)
    with locks.scratch_folder(space, "plan") as scratch:
        pass
    scratch.mkdir()
    opens = os.open

    def removed_first(path: Path, *arguments: int) -> int:
        if path == scratch:
            scratch.rmdir()
        return opens(path, *arguments)

    monkeypatch.setattr("rehearsal.workspace.locks.os.open", removed_first)
    with locks.stale_scratch_folders(space, "plan") as folders:
        assert folders == []


def test_the_clean_up_of_the_embedded_aws_refuses_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that starts while the embedded AWS removes files waits, and is not refused."""
    space = Workspace(tmp_path)
    space.make()
    (space.home / "deploy").mkdir()
    removing, go, ran = threading.Event(), threading.Event(), threading.Event()
    rmtree = shutil.rmtree

    def slow(path: Path, *, ignore_errors: bool = False) -> None:
        if path == space.home / "deploy":
            removing.set()
            go.wait(10)
        rmtree(path, ignore_errors=ignore_errors)

    monkeypatch.setattr("rehearsal.workspace.retention.shutil.rmtree", slow)
    cleaner = threading.Thread(target=retention.clean, args=(space,))
    cleaner.start()
    assert removing.wait(10)

    def runs() -> None:
        with locks.exclusive_run(space):
            ran.set()

    run = threading.Thread(target=runs)
    run.start()
    assert not ran.wait(0.2)
    go.set()
    assert ran.wait(10)
    cleaner.join()
    run.join()


def test_a_run_that_is_at_work_keeps_its_files(tmp_path: Path) -> None:
    """During a run, `clean` keeps the run's files, and a second run is refused."""
    space = Workspace(tmp_path)
    space.make()
    (space.home / "deploy").mkdir()
    with locks.exclusive_run(space):
        retention.clean(space)
        assert (space.home / "deploy").exists()
        with pytest.raises(WrongUse, match="is at work"), locks.exclusive_run(space):
            pass
    retention.clean(space)
    assert not (space.home / "deploy").exists()
