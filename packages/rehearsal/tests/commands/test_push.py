"""`git push rehearsal`: the pushes that start the pipeline, and the messages that the pusher reads."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.commands.transitions import DISABLED_REASON
from rehearsal.project import push_remote
from rehearsal.project.git_repository import Repository, branch_head, pop_stashed_branch
from rehearsal.workspace.layout import Workspace
from tests.commands.conftest import Tiny, until


@pytest.fixture
def pushes(tiny: Tiny) -> Iterator[Tiny]:
    """The tiny project with the remote, as `up` creates it."""
    assert push_remote.add(tiny.space) is None
    yield tiny
    tiny.git("checkout", "--quiet", "-B", "main", "main")
    push_remote.remove(tiny.space)


def commit(tiny: Tiny, message: str) -> str:
    tiny.git("commit", "--quiet", "--allow-empty", "--message", message)
    return tiny.git("rev-parse", "HEAD").strip()


def started(printed: str) -> str:
    """Return the id of the execution that a push reports."""
    found = re.findall(r"started execution (\S+)", printed)
    assert len(found) == 1, printed
    return str(found[0])


def test_a_push_starts_the_pipeline(pushes: Tiny) -> None:
    """The execution has the pushed commit, and the pusher reads how to watch it."""
    pushed = commit(pushes, "to prod")
    printed = pushes.git("push", "rehearsal", "main")
    execution = started(printed)
    assert f"rehearsal watch {execution[:8]}" in printed
    code, shown = pushes.call("watch", execution[:8], "--approve")
    assert code == 0
    assert "Ship/Send: Succeeded" in shown
    assert pushes.view(execution).revision == pushed


def test_a_push_says_where_its_execution_waits(pushes: Tiny) -> None:
    """A push names a disabled transition, such as that of a `run --until` which was killed, and how to enable it."""
    api, transition = pushes.deployed.api(), {"pipelineName": "tiny", "stageName": "Ship"}
    api.disable_stage_transition(**transition, transitionType="Inbound", reason=DISABLED_REASON)
    commit(pushes, "waits")
    printed = pushes.git("push", "rehearsal", "main")
    api.enable_stage_transition(**transition, transitionType="Inbound")
    assert f"it waits before Ship, whose transition is disabled ({DISABLED_REASON})" in printed
    assert "enable-stage-transition`, or the next `" in printed


def test_a_push_goes_over_what_a_run_has_pushed(pushes: Tiny) -> None:
    """A push needs no --force after a run of the working tree, whose commit the user does not have."""
    (pushes.root / "cdk.json").write_text('{"app": "false"}')
    repository = Repository(pushes.root, pushes.space.home)
    repository.push(repository.snapshot(), pushes.space.remote, "main")
    started(pushes.git("push", "rehearsal", "main"))


def test_what_a_run_pushes_starts_nothing_by_itself(pushes: Tiny) -> None:
    """The push of `run` starts no execution, because `run` starts it."""
    before = pushes.space.newest_first()
    repository = Repository(pushes.root, pushes.space.home)
    commit(pushes, "by run")
    repository.push(pushes.git("rev-parse", "HEAD").strip(), pushes.space.remote, "main")
    assert pushes.space.newest_first() == before


def test_what_was_pushed_before_up_starts_the_pipeline(pushes: Tiny) -> None:
    """A push after `up` starts the pipeline even if `run` pushed the same commit before."""
    run = Repository(pushes.root, pushes.space.home)
    run.push(run.head, pushes.space.remote, "main")
    assert push_remote.add(pushes.space) is None
    newest = branch_head(pushes.space.remote, "main")
    assert newest
    assert newest.id == run.head
    started(pushes.git("push", "rehearsal", "main"))
    assert pop_stashed_branch(pushes.space.remote, "main") is None


def test_a_file_name_that_is_not_utf_8_goes_through(pushes: Tiny) -> None:
    """A file name that is not UTF-8 does not fail source and build."""
    (pushes.root / os.fsdecode(b"\xfc.txt")).touch()
    pushes.git("add", ".")
    commit(pushes, "in Latin-1")
    execution = started(pushes.git("push", "rehearsal", "main"))
    until(lambda: pushes.view(execution).stage("Source").status not in ("", "InProgress"))
    until(lambda: pushes.view(execution).stage("Build").status not in ("", "InProgress"))
    assert pushes.view(execution).stage("Build").status == "Succeeded"


def test_the_hook_of_an_installed_command_calls_it(pushes: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hook calls the installed command by its path, so that messages name it."""
    monkeypatch.setattr(sys, "argv", ["/opt/some where/rehearse", "up"])
    assert push_remote.add(pushes.space) is None
    hook = (pushes.space.remote / "hooks" / "post-receive").read_text()
    assert "exec '/opt/some where/rehearse' received" in hook
    assert "-m rehearsal" not in hook


def test_another_branch_starts_nothing(pushes: Tiny) -> None:
    """A push to another branch, and a deleted branch, start nothing; the message says why."""
    pushes.git("checkout", "--quiet", "-B", "feature")
    commit(pushes, "not yet")
    printed = pushes.git("push", "rehearsal", "feature")
    assert "branch feature starts nothing: Repo follows branch main" in printed
    assert "started" not in printed
    assert "was deleted, which starts nothing" in pushes.git("push", "rehearsal", ":feature")


def test_a_tag_starts_nothing(pushes: Tiny) -> None:
    """A tag starts nothing if the source has no trigger for tags."""
    pushes.git("tag", "--force", "v1")
    assert "tag v1 starts nothing" in pushes.git("push", "--force", "rehearsal", "refs/tags/v1")


def test_of_several_pushes_each_has_its_own_commit(pushes: Tiny) -> None:
    """Executions of two pushes have their commits; the second push reports that another execution runs."""
    first = commit(pushes, "first of two")
    one = started(pushes.git("push", "rehearsal", "main"))
    second = commit(pushes, "second of two")
    printed = pushes.git("push", "rehearsal", "main")
    two = started(printed)
    assert "more running: they share the stages" in printed
    assert "(SUPERSEDED)" in printed
    until(lambda: pushes.view(two).seconds is not None or pushes.call("approve")[0] > 2)
    ended = pushes.ended(one)
    assert ended.status in ("Superseded", "Succeeded")
    assert (ended.revision, pushes.view(two).revision) == (first, second)


def test_down_takes_remote_and_hook_away(pushes: Tiny) -> None:
    """The remote and its hook are removed, and the user's git configuration does not name the rehearsal."""
    assert "rehearsal" in pushes.git("remote")
    push_remote.remove(pushes.space)
    assert "rehearsal" not in (pushes.root / ".git" / "config").read_text()
    assert not (pushes.space.remote / "hooks" / "post-receive").exists()


def test_a_remote_of_that_name_is_left_alone(pushes: Tiny) -> None:
    """Neither adding nor removing changes the user's remote of the same name."""
    push_remote.remove(pushes.space)
    pushes.git("remote", "add", "rehearsal", "https://localhost/theirs.git")
    refusal = push_remote.add(pushes.space)
    assert refusal
    assert "https://localhost/theirs.git" in refusal
    push_remote.remove(pushes.space)
    assert "theirs" in pushes.git("remote", "get-url", "rehearsal")
    pushes.git("remote", "remove", "rehearsal")


def test_a_push_while_nothing_runs_says_so(project: Workspace) -> None:
    """A push without a running embedded AWS is kept, and the message says to run `up`."""
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": str(_elsewhere(project.root))}
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost"]
    for command in (["init", "-qb", "main"], ["add", "cdk.json"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], cwd=project.root, check=True)
    project.make()
    push_remote.add(project)
    done = subprocess.run(
        [*git, "push", "rehearsal", "main"],
        cwd=project.root,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "no embedded AWS is running: `python -m rehearsal up` first" in done.stderr


def _elsewhere(folder: Path) -> Path:
    """Write git settings that move all hooks to another folder, and return their path."""
    settings = folder / "gitconfig"
    settings.write_text(f"[core]\n\thooksPath = {folder / 'none'}\n")
    return settings
