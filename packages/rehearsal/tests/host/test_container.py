"""The container of a build: how it ends, and its removal, also after a kill of the rehearsal or of the client."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rehearsal.host.container import LABEL, Container, Mount
from rehearsal.host.container_engine import ContainerEngine, ContainerFailed
from rehearsal.host.processes import Processes
from tests import debian_image

ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
RUNS = """
import sys, time
from pathlib import Path
from rehearsal.host.container import Container
from rehearsal.host.container_engine import find_engine
from rehearsal.host.processes import Processes
container = Container(find_engine(), sys.argv[1], (), sys.argv[2])
with Processes(lambda line: print(line, flush=True), container) as processes:
    print(processes._program.pid, flush=True)
    processes.run(["sh", "-c", "echo started; sleep 60"], cwd=Path("/"), env={"PATH": "/usr/bin:/bin"})
"""


def containers(label: str) -> list[str]:
    return debian_image.ENGINE.call("ps", "--all", "--quiet", f"--filter=label={LABEL}={label}").stdout.split()


def is_removed(label: str, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while containers(label) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not containers(label)


def test_docker_is_called_as_podman_is() -> None:
    """Docker and podman get the same options, `--rm` included; privileged mode adds one."""
    mounts = (Mount(Path("/here"), Path("/there")), Mount(Path("/tools"), Path("/bin"), "read"))
    docker = Container(ContainerEngine("docker"), "mine:1", mounts, "id", privileged=True, name="name")
    podman = Container(ContainerEngine("podman"), "mine:1", mounts, "id", name="name")
    words = [*docker.program("token")]
    assert words[:3] == ["docker", "run", "--rm"]
    assert "--mount=type=bind,source=/tools,target=/bin,readonly" in words
    assert words[-3:] == ["token", "0", "/there"]
    assert {*words} ^ {*podman.program("token")} == {"docker", "podman", "--privileged"}


def test_commands_share_one_container(image: str) -> None:
    """Files and background processes remain from command to command, and each command has its exit status."""
    lines: list[str] = []
    with Processes(lines.append, Container(debian_image.ENGINE, image, (), "shared")) as processes:
        codes = [
            processes.run(["sh", "-c", command], cwd=Path("/tmp"), env=ENV).returncode
            for command in ("echo one > file; sleep 50 & echo $! > pid", "cat file; exit 3", "kill -0 $(cat pid)")
        ]
        assert len(containers("shared")) == 1
    assert (lines, codes) == (["one"], [0, 3, 0])
    assert is_removed("shared", 0)


class SharedProcesses(Container):
    """A container with `pidns = "host"`, as containers.conf can set it."""

    def program(self, token: str) -> list[str]:
        run, *rest = super().program(token)[1:]
        return [self.engine.program, run, "--pid=host", *rest]


def test_a_container_that_shares_this_machines_processes_is_refused(image: str) -> None:
    """A container in the host's PID namespace is refused, because its cleanup would kill the host's processes."""
    container = SharedProcesses(debian_image.ENGINE, image, (), "shares")
    with (
        Processes(lambda _: None, container) as processes,
        pytest.raises(ContainerFailed, match="it shares the processes of this machine: remove pidns"),
    ):
        processes.run(["true"], cwd=Path("/"), env=ENV)
    assert is_removed("shares", 0)


def test_a_command_can_be_interrupted(image: str) -> None:
    """SIGINT has its default handler in a command, although it runs in the background of a shell."""
    lines: list[str] = []
    with Processes(lines.append, Container(debian_image.ENGINE, image, (), "interrupted")) as processes:
        processes.run(["python3", "-c", "import signal; print(signal.getsignal(2).__name__)"], cwd=Path("/"), env=ENV)
    assert lines == ["default_int_handler"]


@pytest.mark.parametrize("killed", ["the rehearsal", "the client"])
def test_a_killed_process_leaves_no_container(image: str, killed: str) -> None:
    """Killing the rehearsal or the client ends the running command and removes its container."""
    label = killed.replace(" ", "-")
    process = subprocess.Popen([sys.executable, "-c", RUNS, image, label], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    client = int(process.stdout.readline())
    assert process.stdout.readline() == "started\n"
    assert len(containers(label)) == 1
    os.kill(process.pid if killed == "the rehearsal" else client, signal.SIGKILL)
    assert is_removed(label)
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("command", ["true", "sleep 60"])
@pytest.mark.parametrize("owner", [os.getuid(), 1234])
def test_files_belong_to_root_in_it_and_to_their_owner_afterwards(
    owner: int, command: str, image: str, tmp_path: Path
) -> None:
    """Mounted files belong to root in the container and to the folder's owner afterwards, even after a timeout."""
    if owner != os.getuid() != 0:
        pytest.skip("only root can give files to another user")
    os.chown(tmp_path, owner, -1)
    lines: list[str] = []
    container = Container(debian_image.ENGINE, image, (Mount(tmp_path, Path("/mounted")),), "owned")
    with Processes(lines.append, container) as processes:
        processes.run(["true"], cwd=Path("/"), env=ENV)  # the deadline is not for the start of the container
        words = ["sh", "-c", f"stat -c %u . && touch made && chown 77 made && ln -s /etc link && {command}"]
        processes.run(words, cwd=Path("/mounted"), env=ENV, deadline=time.monotonic() + 1)
    assert lines == ["0"]
    assert [path.lstat().st_uid for path in (tmp_path, tmp_path / "made", tmp_path / "link")] == [owner] * 3


def test_a_folder_that_this_machine_writes_to_stays_its_owners(image: str, tmp_path: Path) -> None:
    """A user that is not root passes commands in it while the container runs."""
    if os.getuid() == 0:
        os.chown(tmp_path, 1234, -1)
    owner, seen = tmp_path.stat().st_uid, list[int]()
    mounts = (Mount(tmp_path, Path("/mounted"), "shared"),)
    container = Container(debian_image.ENGINE, image, mounts, "shared-folder")
    with Processes(lambda _: seen.append(tmp_path.stat().st_uid), container) as processes:
        processes.run(["sh", "-c", "touch /mounted/made && echo made"], cwd=Path("/"), env=ENV)
    assert [*seen, (tmp_path / "made").stat().st_uid] == [owner, owner]


def test_a_stopped_command_ends_within_a_second(image: str) -> None:
    """Leaving the block ends a running command that ignores SIGTERM."""
    with Processes(lambda _: None, Container(debian_image.ENGINE, image, (), "stopped")) as processes:
        processes.run(["true"], cwd=Path("/"), env=ENV)
        done = processes.run(
            ["sh", "-c", "trap '' TERM; sleep 60"], cwd=Path("/"), env=ENV, deadline=time.monotonic() + 1
        )
        began = time.monotonic()
    assert done.ending == "timed out"
    assert time.monotonic() - began < 4
    assert is_removed("stopped", 0)
