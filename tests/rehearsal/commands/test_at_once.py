"""Two at once in one workspace: one works, the other one is told; and a number is not taken for another's process."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import pytest

from rehearsal.aws import root
from rehearsal.emulator import launcher
from rehearsal.pids import born
from rehearsal.workspace import Server, Workspace, write_json
from tests.rehearsal.commands.conftest import Tiny, until
from tests.rehearsal.commands.test_kills import Command, left, processes, stays
from tests.synthesized import ROOT


def test_a_second_run_is_told_who_is_at_work(tiny: Tiny) -> None:
    """The first one goes on; when it is over, or killed, the next one works."""
    file = stays(tiny)
    first = Command(tiny, "run", "--until", "Build")
    processes(file)
    for second in (["run"], ["up"]):
        code, printed = tiny.call(*second)
        assert code == 2
        assert f"another `up` or `run` is at work in {tiny.root} (process {first.process.pid})" in printed
    (tiny.root / "Compile.sh").unlink()
    tiny.call("stop", "--abandon")
    assert first.ended()[0] == 1
    assert tiny.call("run", "--until", "Source")[0] == 0


def test_of_two_who_start_it_at_once_one_finds_what_the_other_has_started(project: Workspace) -> None:
    """Two would share one state, and each would wipe the other's."""
    with ThreadPoolExecutor(2) as pool:
        started = list(pool.map(lambda _: launcher.up(project, None, iam=False), range(2)))
    try:
        assert started[0] == started[1]
        assert started[0].reached().client("sts", root("111111111111"), "eu-west-1").get_caller_identity()
    finally:
        assert launcher.down(project)


def test_who_is_killed_while_it_starts_leaves_one_that_is_found(project: Workspace) -> None:
    """The next `up` waits for what the killed one has started, and does not start another one on its state."""
    text = f"from rehearsal.emulator import launcher; from rehearsal.workspace import find; {UP}"
    first = subprocess.Popen(
        [sys.executable, "-c", text], env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=project.root
    )
    until(lambda: len(emulators(project)) == 1)
    first.kill()
    first.wait()
    assert project.server() is None, "it was too late for the test: it is up already"
    server = launcher.up(project, None, iam=False)
    try:
        assert emulators(project) == [server.pid]
        assert server.reached().client("sts", root("111111111111"), "eu-west-1").get_caller_identity()
    finally:
        launcher.down(project)


UP = "from pathlib import Path; launcher.up(find(Path.cwd()), None, iam=False)"


def emulators(space: Workspace) -> list[int]:
    """The processes of embedded AWSs of this workspace."""
    return [int(each.partition(" ")[0]) for each in left(space.root) if "rehearsal.emulator.server" in each]


@pytest.mark.parametrize("since", [-1, None], ids=["another process", "an older record"])
def test_another_process_of_the_same_number_is_left_alone(project: Workspace, since: int | None) -> None:
    """After a kill or a restart of the machine, the kernel gives the number away again."""
    other = subprocess.Popen(["sleep", "60"])
    try:
        project.make()
        began = born(other.pid)
        record = Server(other.pid, "http://127.0.0.1:1")
        write_json(project.record, asdict(replace(record, born=began and since and began + since)))
        assert project.server() is None
        assert not launcher.down(project)
        assert born(other.pid) == began
    finally:
        other.kill()
        other.wait()


def test_what_has_ended_and_was_not_waited_for_does_not_run(project: Workspace) -> None:
    """A zombie has its number still: who follows an execution would wait for it for ever."""
    ended = subprocess.Popen(["true"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert born(ended.pid) is None
    ended.wait()
