"""Two at once in one workspace: one works, the other one is told; and a number is not taken for another's process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from rehearsal.aws import root
from rehearsal.emulator.server import launcher
from rehearsal.host.atomic_write import write_json
from rehearsal.host.procfs import start_ticks
from rehearsal.workspace.layout import Server, Workspace
from tests.commands.conftest import TEMPLATE, Tiny, tiny_project, until
from tests.commands.test_kills import Command, left, processes, stays
from tests.commands.test_plan import write_assembly
from tests.root import PACKAGE


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


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tiny]:
    """A tiny project with an embedded AWS that a test may end."""
    with tiny_project(tmp_path) as tiny:
        monkeypatch.chdir(tmp_path)
        yield tiny


def test_what_a_command_has_started_for_itself_is_everybodys(own: Tiny) -> None:
    """Beside a `run --only` others look, tidy, and run to their end; none ends it, and `up` keeps it."""
    go, began = own.signals / "go", own.signals / "began"
    go.touch()
    waits = f"touch {began}; until test -f {go}; do sleep 0.1; done\n"
    execution = own.ended(own.start(Compile=waits, Lint="exit 7")).id
    launcher.down(own.space)
    go.unlink()
    began.unlink()
    only = Command(own, "run", "--only", "Compile", "--execution", execution)
    until(began.exists)
    assert "Compile" in own.call("run", "--list")[1]
    assert own.call("run", "--until", "Source")[0] == 0
    assert own.call("clean", "--keep", "1")[0] == 0
    assert only.process.poll() is None
    assert own.call("up")[0] == 0
    go.touch()
    code, printed = only.ended()
    assert code == 0, printed
    assert own.space.server() is not None


# In place of the CDK CLI: it synthesizes what was made before, as soon as two of it are at work.
TWO_AT_WORK = """\
#!/bin/sh
for last; do :; done
touch {signals}/$$
until [ "$(ls {signals} | wc -l)" -ge 2 ]; do sleep 0.1; done
test -f cdk.json && cp -R {made} "$last"
"""


def test_two_plans_at_once_have_a_folder_each(own: Tiny) -> None:
    """Each removed the other one's, and both failed."""
    signals, made, cdk = own.space.home / "signals", own.space.home / "made", own.root / "node_modules/.bin/cdk"
    signals.mkdir()
    write_assembly(made, {"tiny": TEMPLATE})
    cdk.parent.mkdir(parents=True)
    cdk.write_text(TWO_AT_WORK.format(signals=signals, made=made))
    cdk.chmod(0o755)
    plans = [Command(own, "plan") for _ in range(2)]
    for code, printed in [plan.ended() for plan in plans]:
        assert (code, "The pipeline stays as it is" in printed) == (0, True), printed
    assert not [*own.space.home.glob("plan-*")]


def test_of_two_who_start_it_at_once_one_finds_what_the_other_has_started(project: Workspace) -> None:
    """Two would share one state, and each would wipe the other's."""
    with ThreadPoolExecutor(2) as pool:
        started = list(pool.map(lambda _: launcher.up(project, None, iam=False), range(2)))
    try:
        assert started[0] == started[1]
        assert started[0].to_endpoint().client("sts", root("111111111111"), "eu-west-1").get_caller_identity()
    finally:
        assert launcher.down(project)


def test_who_is_killed_while_it_starts_leaves_one_that_is_found(project: Workspace) -> None:
    """The next `up` waits for what the killed one has started, and does not start another one on its state."""
    text = f"from rehearsal.emulator.server import launcher; from rehearsal.workspace.layout import find; {UP}"
    first = subprocess.Popen(
        [sys.executable, "-c", text], env={**os.environ, "PYTHONPATH": str(PACKAGE)}, cwd=project.root
    )
    until(lambda: len(emulators(project)) == 1)
    first.kill()
    first.wait()
    assert project.server() is None, "it was too late for the test: it is up already"
    server = launcher.up(project, None, iam=False)
    try:
        assert emulators(project) == [server.pid]
        assert server.to_endpoint().client("sts", root("111111111111"), "eu-west-1").get_caller_identity()
    finally:
        launcher.down(project)


UP = "from pathlib import Path; launcher.up(find(Path.cwd()), None, iam=False)"


def emulators(space: Workspace) -> list[int]:
    """The processes of embedded AWSs of this workspace."""
    return [int(each.partition(" ")[0]) for each in left(space.root) if "rehearsal.emulator.server.process" in each]


@pytest.mark.parametrize("since", [-1, None], ids=["another process", "an older record"])
def test_another_process_of_the_same_number_is_left_alone(project: Workspace, since: int | None) -> None:
    """After a kill or a restart of the machine, the kernel gives the number away again."""
    other = subprocess.Popen(["sleep", "60"])
    try:
        project.make()
        began = start_ticks(other.pid)
        record = Server(other.pid, "http://127.0.0.1:1", folder=project.home.stat().st_ino)
        write_json(project.record, asdict(replace(record, born=began and since and began + since)))
        assert project.server() is None
        assert not launcher.down(project)
        assert start_ticks(other.pid) == began
    finally:
        other.kill()
        other.wait()


def test_what_has_ended_and_was_not_waited_for_does_not_run(project: Workspace) -> None:
    """A zombie has its number still: who follows an execution would wait for it for ever."""
    ended = subprocess.Popen(["true"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert start_ticks(ended.pid) is None
    ended.wait()
