"""The folder `.rehearsal/`: the latest execution, kept work folders, and the server's record."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from rehearsal.workspace.layout import KEPT_FAILURES, Server, Workspace


def executed(space: Workspace, name: str, age: int, *types: str, attempt: str = "1") -> Path:
    """Write an execution whose build failed `age` seconds ago, and return the build's work folder."""
    work = space.execution(name) / "Build" / "Synth" / attempt / "sources"
    work.mkdir(parents=True)
    (work / "big").write_text("x")
    (work.parent / "action.log").write_text("why it failed")
    when = 1_700_000_000 - age
    space.journal(name).write_text("".join(json.dumps({"type": type_, "at": when}) + "\n" for type_ in types))
    os.utime(space.execution(name), (when, when))
    return work


ENDED = ("execution-started", "execution-finished")


def test_the_latest_execution_is_the_one_started_last(tmp_path: Path) -> None:
    """The latest execution is the one whose folder is newest, even without journal events."""
    space = Workspace(tmp_path)
    assert space.latest() is None
    executed(space, "b", 10)
    executed(space, "a", 20, *ENDED)
    assert space.latest() == "b"


@pytest.mark.parametrize("attempt", ["1", "."], ids=["version 2", "version 1"])
def test_logs_are_kept_longer_than_folders(tmp_path: Path, attempt: str) -> None:
    """Work folders of only the KEPT_FAILURES newest failures are kept; logs and journals of all."""
    space = Workspace(tmp_path)
    folders = [executed(space, str(age), age, *ENDED, attempt=attempt) for age in range(KEPT_FAILURES + 2)]
    space.remove_failed_work_folders()
    assert [folder.exists() for folder in folders] == [True] * KEPT_FAILURES + [False, False]
    assert all((folder.parent / "action.log").exists() for folder in folders)
    assert space.journal("3").exists()


@pytest.mark.parametrize("types", [(), ENDED[:1], (*ENDED, "execution-resumed")], ids=["new", "running", "retried"])
def test_running_executions_keep_their_folders(tmp_path: Path, types: tuple[str, ...]) -> None:
    """An execution that runs or was retried keeps its work folder, however many newer ones there are."""
    space = Workspace(tmp_path)
    working = executed(space, "oldest", 100, *types)
    for age in range(KEPT_FAILURES):
        executed(space, str(age), age, *ENDED)
    space.remove_failed_work_folders()
    assert working.exists()


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"pid": "many", "endpoint": ""}', "\x80", "null"])
def test_a_damaged_record_is_none(tmp_path: Path, record: str) -> None:
    """A damaged record counts as no server, so that commands still work."""
    space = Workspace(tmp_path)
    space.make()
    space.record.write_text(record, encoding="latin-1")
    assert space.server() is None


def test_the_record_of_a_newer_version_is_read(tmp_path: Path) -> None:
    """Unknown fields of a record are ignored."""
    space = Workspace(tmp_path)
    space.make()
    space.write_server(Server(os.getpid(), "http://127.0.0.1:1"))
    space.record.write_text(json.dumps({**json.loads(space.record.read_text()), "more": 1}))
    found = space.server()
    assert found
    assert found.endpoint == "http://127.0.0.1:1"


def test_a_copied_project_does_not_have_what_runs_in_the_original(tmp_path: Path) -> None:
    """A copied project does not use the original's embedded AWS; a moved project still does."""
    original, copied = Workspace(tmp_path / "original"), Workspace(tmp_path / "copied")
    original.make()
    original.write_server(Server(os.getpid(), "http://127.0.0.1:1"))
    shutil.copytree(original.root, copied.root)
    assert (original.server() is not None, copied.server()) == (True, None)
    original.root.rename(tmp_path / "moved")
    assert Workspace(tmp_path / "moved").server() is not None
