"""The processes of functions end with the embedded AWS; functions also run on machines without mounts."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Unpack

import pytest
from ministack.core import lambda_runtime

from rehearsal.aws import Endpoint
from rehearsal.emulator.functions import sandbox, unpacked_code
from rehearsal.emulator.functions.execution_environment import FunctionEnvironment, Invocation, InvocationResult
from rehearsal.emulator.functions.filesystem import FunctionFilesystem
from rehearsal.emulator.functions.mounts import mount_error
from rehearsal.emulator.ministack.port.function_records import FunctionConfig
from rehearsal.emulator.server import launcher
from rehearsal.host import helper_process
from rehearsal.host.procfs import start_ticks
from rehearsal.workspace.layout import Workspace
from tests.emulator.functions.conftest import ACCOUNT, REGION, RUNTIME, Functions, needs_mounts, zipped

# Returns the PID namespace, which identifies the function's processes.
INSIDE = "import os\nprint('imported')\ndef handler(event, context):\n    return os.readlink('/proc/self/ns/pid')"
DAEMON = """
import os, subprocess
subprocess.run(["sh", "-c", "(setsid sleep 300 >/dev/null 2>&1 &)"])
def handler(event, context):
    return os.readlink("/proc/self/ns/pid")
"""


@needs_mounts
def test_functions_end_with_a_killed_emulator(tmp_path: Path) -> None:
    """The kernel ends a function's frozen and orphaned processes, daemons included, when the emulator is killed."""
    space = Workspace(tmp_path)
    server = launcher.up(space, None, iam=False)
    try:
        functions = Functions(server.to_endpoint(), space)
        pids = [running(functions.call(functions.make(code)).answer) for code in (INSIDE, DAEMON)]
        assert [*map(len, pids)] == [2, 3]
    finally:
        os.kill(server.pid, signal.SIGKILL)
    os.waitpid(server.pid, 0)
    assert all(map(ended, pids))


@needs_mounts
def test_functions_end_with_a_stopped_emulator(tmp_path: Path) -> None:
    """The embedded AWS ends all processes of its functions when it stops, daemons included."""
    space = Workspace(tmp_path)
    with launcher.join_or_start(space, iam=False) as endpoint:
        functions = Functions(endpoint, space)
        pids = [running(functions.call(functions.make(code)).answer) for code in (INSIDE, DAEMON)]
        assert all(pids)
    assert all(map(ended, pids))


@needs_mounts
def test_a_function_cannot_read_a_hidden_folder(tmp_path: Path) -> None:
    """A function cannot read a hidden folder, such as the one with the credentials of every account."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        (Path(folder) / "secret").write_text("a secret")
        undo = f"__import__('ctypes').CDLL(None).umount2({os.fsencode(folder)!r}, 2)"
        code = f"import os\nhandler = lambda *_: [{undo}, os.listdir('{folder}')]"
        environment = make(tmp_path, code, hidden=Path(folder))
        try:
            assert call(environment).body == [-1, []]
        finally:
            environment.kill()


@needs_mounts
def test_a_functions_daemon_is_frozen_between_invocations(functions: Functions) -> None:
    """A daemon that a function has started is frozen between invocations."""
    pids = running(functions.call(functions.make(DAEMON)).answer)
    assert len(pids) == 3
    assert stopped(pids)


@needs_mounts
def test_an_old_version_ends_when_the_code_changes(functions: Functions) -> None:
    """After a code update the old processes end, and the next invocation runs the new code."""
    name = functions.make(INSIDE)
    pids = running(functions.call(name).answer)
    assert pids
    functions.client("lambda").update_function_code(
        FunctionName=name, ZipFile=zipped(main_py="handler = lambda *_: 'new'")
    )
    assert functions.call(name).answer == "new"
    assert ended(pids)


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[FunctionEnvironment]:
    """A function on a machine that forbids mounts."""
    environment = make(tmp_path, "import os, boto3\nhandler = lambda *_: [os.getcwd(), boto3.__name__]", mounts=False)
    yield environment
    environment.kill()


def test_without_mounts_the_folders_stay_where_they_are(plain: FunctionEnvironment, tmp_path: Path) -> None:
    """Without mounts a function runs in its folder of this machine, with the same packages."""
    body: Any = call(plain).body
    folder, sdk = body
    assert Path(folder).is_relative_to(tmp_path)
    assert sdk == "boto3"


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv removes a root user's capability to mount")
def test_an_ordinary_user_has_mounts_as_well(tmp_path: Path) -> None:
    """An ordinary user gets mounts in a user namespace, so that a rehearsal does not need root."""
    less = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"] if os.geteuid() == 0 else []
    probe = [*less, *helper_process.helper_command(sandbox.__name__), "--probe", str(tmp_path)]
    done = subprocess.run(probe, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "") or mount_error()


def test_without_mounts_the_machines_packages_are_not_found(tmp_path: Path) -> None:
    """Without mounts a function still cannot import the machine's packages."""
    environment = make(tmp_path, "import ministack", mounts=False)
    try:
        body: Any = call(environment).body
        assert body["errorType"] == "Runtime.ImportModuleError"
    finally:
        environment.kill()


def test_an_initialization_that_takes_too_long_is_tried_again_with_the_functions_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An init that exceeds the first limit runs again with the function's timeout, as on AWS."""
    monkeypatch.setattr("rehearsal.emulator.functions.execution_environment.INIT_SECONDS", 0.2)
    environment = make(tmp_path, "import time\ntime.sleep(1)\nhandler = lambda *_: 'at last'", Timeout=20)
    try:
        assert call(environment).body == "at last"
    finally:
        environment.kill()


def test_an_initialization_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An init that also exceeds the function's timeout fails."""
    monkeypatch.setattr("rehearsal.emulator.functions.execution_environment.INIT_SECONDS", 1)
    environment = make(tmp_path, "import time\ntime.sleep(100)", Timeout=1)
    try:
        body: Any = call(environment).body
        assert body["errorMessage"] == "Task timed out after 1.00 seconds"
    finally:
        environment.kill()


def test_a_function_that_closes_its_output_still_answers(tmp_path: Path) -> None:
    """A function that closes its standard output and error still returns its response."""
    environment = make(tmp_path, "import os\ndef handler(*_):\n    os.close(1)\n    os.close(2)\n    return 'heard'")
    try:
        assert call(environment).body == "heard"
    finally:
        environment.kill()


def test_large_events_and_answers_go_through(tmp_path: Path) -> None:
    """Events and responses of 6 MB are passed, as AWS allows."""
    environment = make(tmp_path, "def handler(event, context):\n    print('x' * 200_000)\n    return event")
    event = "y" * 6_000_000
    try:
        result = environment.call(Invocation(event, "request", "arn", None, {}, "1"))
        assert result.body == event
        assert len(result.log) > 200_000
    finally:
        environment.kill()


def test_snapstart_runs_its_hooks_before_the_first_call(tmp_path: Path) -> None:
    """AWS's client runs SnapStart hooks: before the snapshot in reverse order, then after the restore."""
    code = """
from snapshot_restore_py import register_after_restore, register_before_snapshot
ran = []
register_before_snapshot(ran.append, "before")
register_before_snapshot(ran.append, "before it")
register_after_restore(ran.append, "after")
handler = lambda *_: ran
"""
    environment = make(tmp_path, code, SnapStart={"OptimizationStatus": "On"})
    try:
        lambda_runtime.ensure_spawned(environment)
        assert call(environment).body == ["before it", "before", "after"]
    finally:
        environment.kill()


@pytest.mark.parametrize("path", ["../out.py", "sub/../../out.py"])
def test_an_archive_that_leads_out_of_its_folder_is_refused(tmp_path: Path, path: str) -> None:
    """An archive with a path outside its folder is rejected, and writes no file there."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(path, "")
    with pytest.raises(ValueError, match="leads out of its archive"):
        unpacked_code.unpack_archives(tmp_path / "store", [buffer.getvalue()])
    assert not list(tmp_path.rglob("out.py"))


def make(
    folder: Path, code: str, *, mounts: bool | None = None, hidden: Path | None = None, **more: Unpack[FunctionConfig]
) -> FunctionEnvironment:
    config: FunctionConfig = {
        "FunctionName": "function",
        "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:function",
        "Runtime": RUNTIME,
        "Handler": "main.handler",
        **more,
    }
    layout = FunctionFilesystem(
        folder / "functions", Endpoint("http://127.0.0.1:1"), hidden=hidden or folder, sdk=folder / "sdk", mounts=mounts
    )
    return FunctionEnvironment(layout, "function", config, zipped(main_py=code))


def call(environment: FunctionEnvironment) -> InvocationResult:
    return environment.call(Invocation({}, "request", "arn", None, {}, "1"))


def running(namespace: str) -> list[int]:
    """Return the processes of a function, by their PID namespace."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str((path / "ns" / "pid").readlink()) == namespace:
                found.append(int(path.name))
    return found


def state(pid: int) -> str:
    """Return a process state as in proc_pid_stat(5): T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def stopped(pids: list[int]) -> bool:
    """Wait up to five seconds, until a sent SIGSTOP acts, and return whether the processes are stopped."""
    deadline = time.monotonic() + 5
    while any(state(pid) != "T" for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    return all(state(pid) == "T" for pid in pids)


def ended(pids: list[int]) -> bool:
    """Wait up to five seconds, and return whether the processes have ended."""
    deadline = time.monotonic() + 5
    while any(map(start_ticks, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(start_ticks, pids))
