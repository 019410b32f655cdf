"""Subprocesses: no process of a command outlives it, and a failure has a complete message."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rehearsal.emulator.functions.mounts import mount_error
from rehearsal.errors import RehearsalError
from rehearsal.host import removal
from rehearsal.host.cancellation import Cancellation
from rehearsal.host.processes import LINE_BYTES, Processes
from tests.root import PACKAGE

ENV = {"PATH": os.environ["PATH"]}
ESCAPES = {
    "a child in the background": "sleep 60 & echo $!",
    "a child in a separate session": "setsid sleep 60 & echo $!",
    "an orphan": "(setsid sleep 60 >/dev/null 2>&1 & echo $!)",
    "a daemon by a double fork": "(setsid nohup sh -c 'sleep 60 & echo $!' &) | head -n 1",
    "a child that ignores SIGTERM": "sh -c 'trap \"\" TERM; while :; do sleep 1; done' & echo $!",
    "one with an empty environment": "env -i setsid sleep 60 >/dev/null 2>&1 & echo $!",
}


def shell(processes: Processes, text: str, folder: Path, **more: object) -> object:
    return processes.run(["/bin/sh", "-c", text], cwd=folder, env=ENV, **more)  # type: ignore[arg-type]


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not condition():
        time.sleep(0.02)
    return condition()


@pytest.mark.parametrize("command", ESCAPES.values(), ids=ESCAPES)
def test_nothing_outlives_the_block(command: str, tmp_path: Path) -> None:
    """All processes that a command starts end with the block, daemons included."""
    lines: list[str] = []
    with Processes(lines.append) as processes:
        shell(processes, command, tmp_path)
        pid = int(lines[0])
        assert not has_ended(pid)
    assert has_ended(pid)


def test_the_background_lives_until_the_block_ends(tmp_path: Path) -> None:
    """A background process of one command can serve the next command."""
    lines: list[str] = []
    with Processes(lines.append) as processes:
        shell(processes, "mkfifo pipe; (echo hello > pipe) &", tmp_path)
        shell(processes, "cat pipe", tmp_path)
    assert lines == ["hello"]


def test_output_and_status_belong_to_their_command(tmp_path: Path) -> None:
    """Lines are received in order, including an unterminated one, before the command counts as ended."""
    lines: list[str] = []
    with Processes(lines.append) as processes:
        first = processes.run(["/bin/sh", "-c", "echo one; echo two >&2; printf three; exit 3"], cwd=tmp_path, env=ENV)
        assert lines == ["one", "two", "three"]
        second = processes.run(["/bin/sh", "-c", "echo four"], cwd=tmp_path, env=ENV)
    assert (first.returncode, first.ending, first.tail) == (3, "exited", ("one", "two", "three"))
    assert (second.returncode, second.tail) == (0, ("four",))


def test_a_time_limit_and_a_stop_end_the_wait(tmp_path: Path) -> None:
    """A running command ends at its deadline, or when it is stopped."""
    with Processes(list[str]().append) as processes:
        late = processes.run(["sleep", "60"], cwd=tmp_path, env=ENV, deadline=time.monotonic() + 0.1)
    stop = Cancellation()
    stop.set()
    with Processes(list[str]().append) as processes:
        stopped = processes.run(["sleep", "60"], cwd=tmp_path, env=ENV, stop=stop)
    assert (late.ending, stopped.ending) == ("timed out", "stopped")


def test_no_command_runs_after_one_that_did_not_end(tmp_path: Path) -> None:
    """After a time limit the next command is an error, because it could get the status of the one before."""
    with Processes(list[str]().append) as processes:
        processes.run(["sleep", "60"], cwd=tmp_path, env=ENV, deadline=time.monotonic())
        with pytest.raises(RuntimeError, match="still runs"):
            processes.run(["true"], cwd=tmp_path, env=ENV)


def test_a_stop_from_another_thread_wakes_the_wait(tmp_path: Path, limits_of_waits: list[float]) -> None:
    """A stop in another thread wakes the wait for a command without polling."""
    stop, lines = Cancellation(), list[str]()

    def stop_when_it_runs(line: str) -> None:
        lines.append(line)
        threading.Thread(target=stop.set).start()

    deadline = time.monotonic() + 60
    with Processes(stop_when_it_runs) as processes:
        command = ["/bin/sh", "-c", "echo runs; sleep 60"]
        stopped = processes.run(command, cwd=tmp_path, env=ENV, deadline=deadline, stop=stop)
        assert [limit for limit in limits_of_waits if limit < 1] == []
    assert (stopped.ending, lines) == ("stopped", ["runs"])


def test_a_rehearsal_killed_outright_leaves_nothing(tmp_path: Path) -> None:
    """SIGKILL of the rehearsal ends the processes that it started."""
    script = tmp_path / "starts.py"
    script.write_text(
        textwrap.dedent("""
        from pathlib import Path
        from rehearsal.host.processes import Processes
        with Processes(lambda line: print(line, flush=True)) as processes:
            processes.run(["/bin/sh", "-c", "setsid sleep 60 & echo $!; wait"], cwd=Path("/"), env={"PATH": "/bin"})
        """)
    )
    env = {**ENV, "PYTHONPATH": str(PACKAGE)}
    with subprocess.Popen([sys.executable, str(script)], env=env, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        pid = int(started.stdout.readline())
        started.send_signal(signal.SIGKILL)
    assert eventually(lambda: has_ended(pid))


@pytest.mark.parametrize("size", [LINE_BYTES + extra for extra in (-40, -20, -1, 0, 1, 5)])
def test_a_line_without_an_end_comes_in_pieces(size: int, tmp_path: Path) -> None:
    """A long line is received in pieces without loss, and the exit status is read."""
    lines: list[str] = []
    with Processes(lines.append) as processes:
        done = processes.run(["/bin/sh", "-c", f"head -c {size} /dev/zero | tr '\\0' x; exit 3"], cwd=tmp_path, env=ENV)
        zeros = processes.run(["head", "-c", "3000000", "/dev/zero"], cwd=tmp_path, env=ENV)
    assert (done.returncode, zeros.returncode) == (3, 0)
    assert "".join(lines).rstrip("\0") == "x" * size
    assert max(map(len, lines)) < 3 * LINE_BYTES


@pytest.mark.parametrize("which", ["first", "second"])
def test_a_killed_keeper_leaves_nothing(which: str, tmp_path: Path) -> None:
    """If one of the two supervisors is killed, the other ends all processes, and the waiting caller gets an error."""
    lines: list[str] = []
    with Processes(lines.append) as processes:
        first = processes._program.pid
        eventually(lambda: bool(children(first)))
        (second,) = children(first)
        text = f"setsid nohup sleep 60 & echo $!; kill -9 {first if which == 'first' else second}; sleep 60"
        with pytest.raises(RehearsalError, match="killed from outside"):
            shell(processes, text, tmp_path)
    assert has_ended(int(lines[0]))
    assert eventually(lambda: has_ended(second))


def children(pid: int) -> list[int]:
    return [int(part) for part in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize(
    ("value", "length"), [("x" * 100_000, 100_000), ("two\nlines", 9), ("caf\u00e9 \udce9", 7), ("", 0)]
)
def test_any_value_reaches_a_command(value: str, length: int, tmp_path: Path) -> None:
    """A variable may be longer than a pipe's buffer, and contain any bytes."""
    lines: list[str] = []
    with Processes(lines.append) as processes:
        env = {**ENV, "VALUE": value, "LC_ALL": "C"}
        processes.run(["/bin/sh", "-c", 'printf %s "$VALUE" | wc -c'], cwd=tmp_path, env=env)
    assert [int(line) for line in lines] == [length]


def test_a_null_byte_in_a_variable_fails_the_command(tmp_path: Path) -> None:
    """A variable with a null byte fails its command with 127, and the next command runs."""
    lines: list[str] = []
    with Processes(lines.append) as processes:
        codes = [
            processes.run(["/bin/sh", "-c", "true"], cwd=tmp_path, env={**ENV, "A": value}).returncode
            for value in ("a\0b", "")
        ]
    assert (codes, lines) == ([127, 0], ["embedded null byte"])


def test_commands_find_signals_as_they_are_by_default(tmp_path: Path) -> None:
    """SIGINT and SIGTERM have their default handlers in a command."""
    lines: list[str] = []
    asked = "import signal as s; print(*(s.getsignal(number).__class__.__name__ for number in (s.SIGINT, s.SIGTERM)))"
    with Processes(lines.append) as processes:
        processes.run([sys.executable, "-c", asked], cwd=tmp_path, env=ENV)
    assert lines == ["builtin_function_or_method Handlers"]


HIDES = """
import os, sys
from pathlib import Path
from rehearsal.host import command_runner, processes
folder = Path(sys.argv[1])
command_runner.hide(folder)
env = {"PATH": os.environ["PATH"], "PARENT": str(os.getpid())}
with processes.Processes(lambda line: print(line, flush=True)) as running:
    running.run(["/bin/sh", "-c", sys.argv[2]], cwd=folder, env=env)
"""
LESS = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"]
USERS = {"current user": [], "root of its own namespace": ["unshare", "-Ur"], "no permission to mount": LESS}


@pytest.mark.skipif(bool(mount_error()), reason="this machine forbids mounts")
@pytest.mark.parametrize("user", USERS.values(), ids=USERS)
@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("ls -A {folder}", ""),
        ("touch {folder}/new 2>&1 | grep -o 'Read-only file system'", "Read-only file system\n"),
        ("umount {folder} 2>/dev/null; unshare -Urm umount {folder} 2>/dev/null; ls -A {folder}", ""),
        ("cat /proc/$PARENT/environ 2>&1 | grep -o 'Permission denied'", "Permission denied\n"),
        ("cat /proc/$PARENT/root{folder}/secret 2>&1 | grep -o 'Permission denied'", "Permission denied\n"),
        ("nsenter --mount --target $PARENT ls {folder} 2>/dev/null", ""),
        ("touch {folder}/../new && ls -A {folder}/..", "new\nprivate\n"),
    ],
)
def test_a_command_does_not_see_hidden_folders(user: list[str], command: str, printed: str, tmp_path: Path) -> None:
    """A command can read neither a hidden folder nor its parent's environment; other files are unchanged."""
    if user and (not shutil.which(user[0]) or (user is LESS and os.geteuid())):
        pytest.skip(f"{user[0]} is not on this machine, or needs root to drop capabilities")
    folder = tmp_path / "home" / "private"
    folder.mkdir(parents=True)
    (folder / "secret").write_text("a secret")
    done = subprocess.run(
        [*user, sys.executable, "-c", HIDES, str(folder), command.format(folder=folder)],
        env={**ENV, "PYTHONPATH": str(PACKAGE)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == (printed, "")
    assert (folder / "secret").read_text() == "a secret"


def test_background_removals_are_awaited(tmp_path: Path) -> None:
    """await_removals returns only after the background removals are complete."""
    folder = tmp_path / "many"
    for number in range(50):
        (folder / str(number)).mkdir(parents=True)
        for name in range(50):
            (folder / str(number) / str(name)).touch()
    removal.remove_in_background(folder)
    assert folder.exists()
    removal.await_removals()
    assert not folder.exists()


def test_a_listener_that_breaks_is_named_as_the_cause(tmp_path: Path) -> None:
    """An exception of the listener is raised, and not reported as a kill."""

    def full(_line: str) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"), Processes(full) as processes:
        shell(processes, "echo one; sleep 20", tmp_path)
