"""`clean` and the disk limit: what is deleted, in which order, and what is kept."""

from __future__ import annotations

import errno
import os
import re
import shutil
from pathlib import Path
from typing import Any, cast

import pytest

from rehearsal.emulator.server.housekeeping import Housekeeping
from rehearsal.engine.state import journal
from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.journal import Journal
from rehearsal.workspace import artifact_zips, retention
from rehearsal.workspace.layout import KEPT_FAILURES, Server, Workspace
from rehearsal.workspace.locks import exclusive_run, scratch_folder
from tests.commands.conftest import Tiny, until

MEGABYTE = 10**6


@pytest.fixture
def used(project: Workspace) -> Workspace:
    """A project with twelve executions of half a megabyte, two caches of one megabyte, and a folder of a deployment."""
    project.make()
    for number in range(12):
        name = f"execution-{number:02}"
        written = Journal(project.journal(name))
        written.write("execution-started", execution=name, pipeline="tiny", stages=[], trigger={})
        written.write("execution-finished", status="Failed", summary="", seconds=1.0)
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
    """`clean --keep 3` deletes older executions and temporary folders; it keeps three executions and the caches."""
    code, printed = empty.call("clean", "--keep", "3")
    assert code == 0
    assert used.newest_first() == ["execution-11", "execution-10", "execution-09"]
    assert (used.execution("execution-09") / "Build" / "Synth" / "action.log").exists()
    assert (used.caches / "old" / "big").exists()
    assert not (used.home / "deploy").exists()
    assert re.fullmatch(r"freed 5\.\d MB; \.rehearsal/ takes 3\.\d MB now\n", printed)


def journal_of(space: Workspace, name: str, *events: dict[str, Any], **started: Any) -> None:
    """Write the journal of a new execution."""
    written = Journal(space.journal(name))
    written.write("execution-started", execution=name, pipeline="tiny", stages=[], trigger={}, **started)
    for event in events:
        fields = dict(event)
        written.write(fields.pop("type"), **fields)
    written.close()


END = {"type": "execution-finished", "status": "Failed", "summary": "", "seconds": 1.0}
IN_DEV = {"type": "stage-finished", "stage": "Dev", "status": "Succeeded", "seconds": 1.0, "failure": None}


def test_unfinished_executions_are_kept(project: Workspace, empty: Tiny) -> None:
    """`clean` keeps the folders of executions that have not ended, however old they are."""
    journal_of(project, "works")
    journal_of(project, "taken up again", END, {"type": "execution-resumed"})
    for number in range(3):
        journal_of(project, f"newer-{number}", END)
    assert empty.call("clean", "--keep", "1")[0] == 0
    assert set(project.newest_first()) == {"works", "taken up again", "newer-2"}


def test_rollback_targets_are_kept(project: Workspace, empty: Tiny) -> None:
    """`clean` keeps the executions that a stage can be rolled back to, and the ones whose artifacts they use."""
    journal_of(project, "too old", IN_DEV, END)
    journal_of(project, "before", IN_DEV, END)
    journal_of(project, "present", IN_DEV, END)
    journal_of(project, "whose artifacts", END)
    journal_of(project, "back", IN_DEV, END, rollback_of="before")
    journal_of(project, "red", END)
    journal_of(project, "only", END, rollback_of="whose artifacts")
    assert empty.call("clean", "--keep", "1")[0] == 0
    assert project.newest_first() == ["only", "whose artifacts", "present", "before"]


def test_artifacts_go_with_their_execution(project: Workspace, empty: Tiny) -> None:
    """Deleting an execution deletes its artifacts in all buckets, and no artifacts of other executions."""
    project.make()
    for name in ("old", "new"):
        made: dict[str, Any] = {"type": "action-finished", "stage": "Build", "action": "Synth", "status": "Succeeded"}
        made["outputs"] = [{"name": "Out", "bucket": "artifacts", "key": f"tiny/Out/{name}"}]
        journal_of(project, name, made, END)
        for bucket in ("artifacts", "of-another-region"):
            zipped = project.saved / "s3" / "111111111111" / bucket / "tiny" / "Out" / name
            fill(zipped, MEGABYTE)
            fill(zipped.with_name(f"{name}.meta.json"), 10)
    _, printed = empty.call("clean", "--keep", "1")
    assert "freed 2.0 MB" in printed
    left = sorted(path.name for path in (project.saved / "s3").rglob("*") if path.is_file())
    assert left == ["new", "new", "new.meta.json", "new.meta.json"]


def test_artifacts_go_from_an_embedded_aws_that_runs(tiny: Tiny) -> None:
    """The S3 API deletes every version of the artifacts."""
    execution = tiny.ended(tiny.start(Lint="exit 7")).id
    events = journal.read(tiny.space.journal(execution))
    zipped = artifact_zips.artifacts(tiny.space, events)["Code"]
    assert zipped.exists()
    artifact_zips.remove(tiny.space, events)
    assert not zipped.exists()
    assert artifact_zips.artifacts(tiny.space, events) == {}


def test_a_working_run_keeps_its_folders(used: Workspace, empty: Tiny) -> None:
    """During a run, `clean` keeps the run's folders and deletes the folders of killed commands."""
    with exclusive_run(used), scratch_folder(used, "plan") as planned:
        killed = used.home / "plan-of-a-killed-one"
        killed.mkdir()
        assert empty.call("clean")[0] == 0
        assert (used.home / "deploy").exists()
        assert (planned.exists(), killed.exists()) == (True, False)
    assert not planned.exists()
    empty.call("clean")
    assert not (used.home / "deploy").exists()


def test_an_embedded_aws_that_is_kept_open_is_looked_after(used: Workspace) -> None:
    """The disk limit is enforced when an execution ends, after the other listeners have the event."""
    (used.root / "rehearsal.toml").write_text("disk_gigabytes = 0.004")
    fill(used.execution("execution-00") / "Build" / "Synth" / "sources" / "big", 10)
    events: list[str] = []
    housekeeping = Housekeeping(used, lambda _, event: events.append(event["type"]))
    execution = cast("Execution", None)
    housekeeping(execution, {"v": 2, "at": 0.0, "type": "action-finished"})
    assert (used.execution("execution-00") / "Build" / "Synth" / "sources").exists()
    housekeeping(execution, {"v": 2, "at": 0.0, "type": "execution-finished"})
    assert events == ["action-finished", "execution-finished"]
    assert len(used.newest_first()) == retention.KEPT_EXECUTIONS


def test_sources_of_old_failures_are_deleted(tiny: Tiny) -> None:
    """A running embedded AWS deletes the sources of failed builds, except for the last KEPT_FAILURES."""
    first = tiny.ended(tiny.start(Lint="exit 7"))
    worked = Path(first.action("Build", "Lint").log).parent / "sources"
    assert worked.exists()
    for _ in range(KEPT_FAILURES):
        tiny.ended(tiny.start(Lint="exit 7"))
    until(lambda: not worked.exists())


def test_everything_goes_when_all_is_wanted(used: Workspace, empty: Tiny) -> None:
    """`clean --all` deletes .rehearsal/, and a second `clean` finds nothing."""
    code, printed = empty.call("clean", "--all")
    assert code == 0
    assert re.fullmatch(r"removed \.rehearsal/: 9\.\d MB\n", printed)
    assert not used.home.exists()
    assert empty.call("clean") == (0, "there is no .rehearsal/\n")


def test_files_of_another_user_are_named(used: Workspace, empty: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """`clean --all` exits with 2 and says how to remove files that a killed container left; .rehearsal/ stays."""
    rmtree, builds = shutil.rmtree, used.builds.resolve().parent

    def refuse(path: Path) -> None:
        if path == builds:
            raise PermissionError(errno.EACCES, "Permission denied", str(builds / "of-root"))
        rmtree(path)

    monkeypatch.setattr(shutil, "rmtree", refuse)
    code, printed = empty.call("clean", "--all")
    assert code == 2
    assert f"{builds}/of-root cannot be removed: it belongs to another user" in " ".join(printed.split())
    assert f"`sudo rm -rf {builds}`" in " ".join(printed.split())
    assert used.home.exists()


def test_all_is_refused_while_something_runs(used: Workspace, empty: Tiny) -> None:
    """`clean --all` is refused while an embedded AWS runs."""
    used.write_server(Server(os.getpid(), "http://127.0.0.1:1"))
    code, printed = empty.call("clean", "--all")
    assert code == 2
    assert "`rehearse down` first" in printed
    assert used.home.exists()


def test_within_the_limit_nothing_is_deleted(used: Workspace) -> None:
    """Executions are kept within the limit, however old they are."""
    assert retention.enforce_disk_limit(used, 100 * MEGABYTE) == []
    assert len(used.newest_first()) == 12


def test_beyond_the_limit_executions_go_before_caches(used: Workspace) -> None:
    """Beyond the limit, old executions are deleted first, then caches, the oldest first."""
    said = retention.enforce_disk_limit(used, 6_500_000)
    assert len(used.newest_first()) == retention.KEPT_EXECUTIONS
    assert not (used.caches / "old").exists()
    assert (used.caches / "new").exists()
    assert "removed the cache old, 1.0 MB" in said


def test_a_limit_is_looked_after_once_a_day(used: Workspace) -> None:
    """The disk usage is measured only once per CHECK_INTERVAL_SECONDS, because that takes time."""
    assert retention.enforce_disk_limit(used, 100 * MEGABYTE) == []
    assert retention.enforce_disk_limit(used, 1) == []
    stamp = used.home / "measured"
    os.utime(stamp, (stamp.stat().st_mtime - retention.CHECK_INTERVAL_SECONDS - 1,) * 2)
    assert retention.enforce_disk_limit(used, 1)


def test_a_file_with_two_names_counts_once(tmp_path: Path) -> None:
    """The disk usage counts hard links once."""
    fill(tmp_path / "a" / "one", MEGABYTE)
    before = retention.disk_usage(tmp_path)
    (tmp_path / "b").mkdir()
    os.link(tmp_path / "a" / "one", tmp_path / "b" / "two")
    assert retention.disk_usage(tmp_path) == before
