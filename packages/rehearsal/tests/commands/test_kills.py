"""kill -9 of a run, its embedded AWS or its build: no process is left, the journal is readable, the next run works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.deploy.deployment import Deployment
from rehearsal.emulator.server import launcher
from rehearsal.host.procfs import start_ticks
from rehearsal.views.execution_view import ExecutionView
from rehearsal.workspace.build_area import tmpdirs
from rehearsal.workspace.layout import Server, Workspace
from tests.commands.conftest import Tiny, create, tiny_project, until
from tests.commands.templates import with_one_build
from tests.root import PACKAGE

# Writes the ids of its shell, of that shell's parent, of itself and of a daemonized child to a file, then sleeps.
STAYS = """\
setsid nohup sleep 600 >/dev/null 2>&1 &
echo $PPID $(ps -o ppid= -p $PPID) $$ $! > {file}.new && mv {file}.new {file}
sleep 600
"""
SHELL, KEEPER, SCRIPT, CHILD = range(4)
ONE_BUILD = with_one_build("Compile")


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tiny]:
    """A tiny project with an embedded AWS that a test may kill."""
    with tiny_project(tmp_path, ONE_BUILD) as tiny:
        monkeypatch.chdir(tmp_path)
        yield tiny


class Command:
    """A command of the command line, in a separate process."""

    def __init__(self, tiny: Tiny, *arguments: str) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with this object
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rehearsal", *arguments],
            cwd=tiny.root,
            env={**os.environ, "PYTHONPATH": str(PACKAGE)},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._log.close()

    def ended(self) -> tuple[int, str]:
        code = self.process.wait(60)
        printed = self.printed()
        self._log.close()
        return code, printed

    def printed(self) -> str:
        return os.pread(self._log.fileno(), 1_000_000, 0).decode()


def stays(tiny: Tiny) -> Path:
    """Make the working tree's build sleep until it is killed; return the file that will have its processes' ids."""
    file = tiny.signals / "began"
    file.unlink(missing_ok=True)
    (tiny.root / "Compile.sh").write_text(STAYS.format(file=file))
    return file


def processes(file: Path) -> list[int]:
    until(file.exists)
    return [int(part) for part in file.read_text().split()]


def left(folder: Path) -> list[str]:
    """Return the processes whose command line, environment or working directory contains the folder."""
    found, names = [], (os.fsencode(folder), os.fsencode(Workspace(folder).builds.parent))
    for path in Path("/proc").glob("[0-9]*"):
        if int(path.name) == os.getpid() or start_ticks(int(path.name)) is None:
            continue
        try:
            command = (path / "cmdline").read_bytes()
            about = command + (path / "environ").read_bytes() + bytes((path / "cwd").readlink())
            if any(name in about for name in names):
                found.append(f"{path.name} {command.decode(errors='replace')}")
        except OSError:
            continue
    return found


def latest(tiny: Tiny) -> ExecutionView:
    return tiny.view(tiny.space.newest_first()[0])


def test_a_killed_run_takes_all_with_it(ended: Tiny) -> None:
    """The embedded AWS of a killed run saves its state, so that the next run finds the pipeline deployed."""
    file = stays(ended)
    run = Command(ended, "run")
    pids = processes(file)
    run.kill()
    until(lambda: not any(map(start_ticks, pids)) and left(ended.root) == [])
    assert latest(ended).status == "Stopped"
    assert ended.space.server() is None
    (ended.root / "Compile.sh").unlink()
    code, printed = ended.call("run", "--approve")
    assert (code, "Succeeded in" in printed) == (0, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_terminated_takes_all_with_it_at_once(ended: Tiny, number: signal.Signals) -> None:
    """Within 5 seconds all processes of the run end, its build included, and the next command works."""
    file = stays(ended)
    ignored = signal.signal(number, signal.SIG_DFL)  # under nohup the command ignores SIGHUP, as it should
    run = Command(ended, "run")
    signal.signal(number, ignored)
    pids = processes(file)
    run.process.send_signal(number)
    deadline = time.monotonic() + 5
    while ended.space.server() or any(map(start_ticks, pids)) or left(ended.root):
        assert time.monotonic() < deadline, left(ended.root)
        time.sleep(0.05)
    run.kill()
    assert ended.call("status")[0] in (0, 1)


def test_a_run_whose_embedded_aws_is_killed_ends_in_words(ended: Tiny) -> None:
    """The run exits with 1 and says so, its build ends, and its execution is Interrupted."""
    file = stays(ended)
    run = Command(ended, "run")
    pids = processes(file)
    os.kill(server(ended).pid, signal.SIGKILL)
    code, printed = run.ended()
    assert code == 1
    assert "the embedded AWS ended during execution" in printed
    until(lambda: not any(map(start_ticks, pids)) and left(ended.root) == [])
    assert latest(ended).stage("Build").status == "InProgress"
    assert "Interrupted" in ended.call("history")[1]
    again(ended)


def test_an_embedded_aws_that_up_started_is_killed(own: Tiny) -> None:
    """`watch` reports that the embedded AWS ended, `down` finds none, and the next start begins from nothing: the
    TMPDIR of the killed build is gone as well.
    """
    file = stays(own)
    own.start(Compile=(own.root / "Compile.sh").read_text())
    pids = processes(file)
    watch = Command(own, "watch")
    until(lambda: "Build/Compile: started" in watch.printed())
    os.kill(server(own).pid, signal.SIGKILL)
    code, printed = watch.ended()
    assert (code, "the embedded AWS" in printed) == (1, True)
    until(lambda: not any(map(start_ticks, pids)))
    assert "no embedded AWS was running" in own.call("down")[1]
    assert len(tmpdirs(own.space.builds)) == 1
    again(own)
    until(lambda: tmpdirs(own.space.builds) == [])


def server(tiny: Tiny) -> Server:
    found = tiny.space.server()
    assert found
    return found


def again(tiny: Tiny) -> None:
    """Assert that a start finds no pipeline; deploy it, as `up` and `run` do for an app, and run it to its end."""
    (tiny.root / "Compile.sh").unlink(missing_ok=True)
    launcher.up(tiny.space, None)
    assert tiny.call("run", "--list")[0] == 2
    tiny.deployed = Deployment(server(tiny).to_endpoint(), tiny.deployed.key)
    create(tiny, "tiny", ONE_BUILD)
    tiny.end_first()
    assert tiny.run().status == "Succeeded"


@pytest.mark.parametrize("victim", [SCRIPT, SHELL, KEEPER], ids=["script", "shell", "keeper"])
def test_a_killed_build_is_red_and_gone(tiny: Tiny, victim: int) -> None:
    """Killing any process of a build fails the build and ends its other processes; the next run works."""
    file = tiny.signals / "began"
    file.unlink(missing_ok=True)
    execution = tiny.start(Compile=STAYS.format(file=file))
    pids = processes(file)
    os.kill(pids[victim], signal.SIGKILL)
    view = tiny.ended(execution)
    assert (view.status, view.action("Build", "Compile").status) == ("Failed", "Failed")
    assert (
        "killed" in view.action("Build", "Compile").summary or "exit status" in view.action("Build", "Compile").summary
    )
    until(lambda: not any(map(start_ticks, pids)))
    assert tiny.run().status == "Succeeded"


def test_a_killed_run_until_a_stage_leaves_no_transition_closed(tiny: Tiny) -> None:
    """The next run enables the transition that a killed `run --until` disabled, and only that one."""
    file = stays(tiny)
    run = Command(tiny, "run", "--until", "Build")
    processes(file)
    run.kill()
    assert tiny.call("stop", "--abandon")[0] == 0
    tiny.ended(tiny.space.newest_first()[0])
    api = tiny.deployed.api()
    api.disable_stage_transition(pipelineName="tiny", stageName="Ship", transitionType="Inbound", reason="of the user")
    (tiny.root / "Compile.sh").unlink()
    code, _ = tiny.call("run", "--until", "Gate", "--approve")
    states = {state["stageName"]: state for state in api.get_pipeline_state(name="tiny")["stageStates"]}
    api.enable_stage_transition(pipelineName="tiny", stageName="Ship", transitionType="Inbound")
    assert code == 0
    assert states["Gate"]["inboundTransitionState"]["enabled"]
