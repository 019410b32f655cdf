"""Concurrent commands in one workspace, and process ids that were reused."""

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
from tests.commands.assemblies import write_assembly
from tests.commands.conftest import Tiny, tiny_project, until
from tests.commands.templates import TEMPLATE
from tests.commands.test_kills import Command, left, processes, stays
from tests.root import PACKAGE


def test_a_second_run_names_the_running_one(tiny: Tiny) -> None:
    """A concurrent `run` or `up` exits with 2 and names the process; after the first one ends, the next one works."""
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
    """A tiny project with an embedded AWS that a test may stop."""
    with tiny_project(tmp_path) as tiny:
        monkeypatch.chdir(tmp_path)
        yield tiny


def test_concurrent_commands_share_an_embedded_aws(own: Tiny) -> None:
    """Other commands use the embedded AWS of `run --only` and do not stop it; `up` keeps it running."""
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


# Replaces the CDK CLI: it copies a prepared assembly as soon as two processes of it run.
TWO_AT_WORK = """\
#!/bin/sh
for last; do :; done
touch {signals}/$$
until [ "$(ls {signals} | wc -l)" -ge 2 ]; do sleep 0.1; done
test -f cdk.json && cp -R {made} "$last"
"""


def test_concurrent_plans_have_separate_folders(tiny: Tiny, tmp_path: Path) -> None:
    """Two concurrent `plan` commands succeed and leave no folder."""
    signals, made, cdk = tmp_path / "signals", tmp_path / "made", tiny.root / "node_modules/.bin/cdk"
    signals.mkdir()
    write_assembly(made, {"tiny": TEMPLATE})
    cdk.parent.mkdir(parents=True)
    cdk.write_text(TWO_AT_WORK.format(signals=signals, made=made))
    cdk.chmod(0o755)
    plans = [Command(tiny, "plan") for _ in range(2)]
    for code, printed in [plan.ended() for plan in plans]:
        assert (code, "The pipeline stays as it is" in printed) == (0, True), printed
    assert not [*tiny.space.home.glob("plan-*")]


def test_concurrent_starts_share_one_embedded_aws(project: Workspace) -> None:
    """Two concurrent starts return the same embedded AWS; two of them would overwrite their state."""
    with ThreadPoolExecutor(2) as pool:
        started = list(pool.map(lambda _: launcher.up(project, None, iam=False), range(2)))
    try:
        assert started[0] == started[1]
        assert started[0].to_endpoint().client("sts", root("111111111111"), "eu-west-1").get_caller_identity()
    finally:
        assert launcher.down(project)


def test_a_start_that_is_killed_is_continued(project: Workspace) -> None:
    """The next `up` waits for the embedded AWS that a killed command started, and does not start a second one."""
    text = f"from rehearsal.emulator.server import launcher; from rehearsal.workspace.layout import find; {UP}"
    first = subprocess.Popen(
        [sys.executable, "-c", text], env={**os.environ, "PYTHONPATH": str(PACKAGE)}, cwd=project.root
    )
    until(lambda: len(emulators(project)) == 1)
    first.kill()
    first.wait()
    assert project.server() is None, "too late for the test: the embedded AWS is up already"
    server = launcher.up(project, None, iam=False)
    try:
        assert emulators(project) == [server.pid]
        assert server.to_endpoint().client("sts", root("111111111111"), "eu-west-1").get_caller_identity()
    finally:
        launcher.down(project)


UP = "from pathlib import Path; launcher.up(find(Path.cwd()), None, iam=False)"


def emulators(space: Workspace) -> list[int]:
    """Return the processes of the embedded AWS of this workspace."""
    return [int(line.partition(" ")[0]) for line in left(space.root) if "rehearsal.emulator.server.process" in line]


@pytest.mark.parametrize("since", [-1, None], ids=["another process", "an older record"])
def test_a_reused_process_id_is_not_killed(project: Workspace, since: int | None) -> None:
    """`down` does not kill a process with the recorded id if its start time differs or was not recorded."""
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


def test_a_zombie_counts_as_ended(project: Workspace) -> None:
    """A zombie counts as ended, so that commands that follow its execution do not wait forever."""
    ended = subprocess.Popen(["true"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert start_ticks(ended.pid) is None
    ended.wait()
