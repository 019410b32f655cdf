"""The embedded AWS's process: its address, its saved state, and its end."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rehearsal.aws import root
from rehearsal.emulator.server import launcher, listening_socket
from rehearsal.engine.endpoint import Credentials
from rehearsal.errors import WrongUse
from rehearsal.host import host_environment
from rehearsal.host.procfs import start_ticks
from rehearsal.workspace.layout import Server, Workspace

ACCOUNT, REGION = "222222222222", "eu-west-1"


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path)
    yield workspace
    launcher.down(workspace)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The workspace of an embedded AWS with IAM that no test ends."""
    workspace = Workspace(tmp_path_factory.mktemp("running"))
    launcher.up(workspace, None, iam=True)
    yield workspace
    launcher.down(workspace)


@pytest.fixture
def server(running: Workspace) -> Server:
    """The embedded AWS that no test ends."""
    found = running.server()
    assert found
    return found


def queues(server: Server) -> list[str]:
    """Return the URLs of the account's queues."""
    found: list[str] = server.to_endpoint().client("sqs", root(ACCOUNT), REGION).list_queues().get("QueueUrls", [])
    return found


def make_queue(server: Server) -> None:
    server.to_endpoint().client("sqs", root(ACCOUNT), REGION).create_queue(QueueName="kept")


def test_the_log_has_the_level_that_is_asked_for(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the level `info` the log has MiniStack's lines, without it only warnings."""
    log = space.logs / "emulator.log"
    launcher.up(space, None)
    launcher.down(space)
    assert "INFO" not in log.read_text()
    monkeypatch.setenv(host_environment.LOG_LEVEL, "info")
    launcher.up(space, None)
    assert "INFO" in log.read_text()


def test_state_outlives_a_clean_end_at_the_same_address(space: Workspace) -> None:
    """`up` restores the state that `down` saved, at the same port, since queue URLs have the port."""
    first = launcher.up(space, None)
    make_queue(first)
    launcher.down(space)
    second = launcher.up(space, None)
    assert second.endpoint == first.endpoint
    assert [url.rpartition("/")[2] for url in queues(second)] == ["kept"]


def test_state_of_another_port_is_given_up(space: Workspace) -> None:
    """State with another port is discarded, since its URLs would be invalid."""
    first = launcher.up(space, None)
    make_queue(first)
    launcher.down(space)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(first.endpoint.rpartition(":")[2])))
        taken.listen()
        second = launcher.up(space, None)
        assert second.endpoint != first.endpoint
        assert queues(second) == []


def test_state_of_the_other_mode_is_given_up(space: Workspace) -> None:
    """State of a server with IAM is discarded without IAM, and the reverse."""
    make_queue(launcher.up(space, None, iam=False))
    launcher.down(space)
    assert queues(launcher.up(space, None, iam=True)) == []
    launcher.down(space)
    assert queues(launcher.up(space, None, iam=False)) == []


def test_one_that_runs_in_the_other_mode_is_refused(running: Workspace) -> None:
    """`--no-iam` with a running server that enforces IAM is an error; without the option any server is used."""
    with pytest.raises(WrongUse, match="enforces IAM: end it with `rehearse down` first"):
        launcher.up(running, None, iam=False)
    assert launcher.up(running, None).iam


def test_with_iam_the_root_secret_cannot_be_guessed(server: Server) -> None:
    """With IAM a build that knows an account's id cannot use its root user."""
    reached = server.to_endpoint()
    guessed = reached.client("sqs", Credentials(ACCOUNT, "rehearsal"), REGION)
    with pytest.raises(ClientError, match="signature"):
        guessed.list_queues()
    assert reached.client("sqs", root(ACCOUNT), REGION).list_queues()


def test_a_root_users_key_without_its_secret_opens_nothing(server: Server) -> None:
    """A root user's key without its secret is denied in URLs, older signatures and invalid headers."""
    iam, s3 = (server.to_endpoint().client(name, Credentials(ACCOUNT, "guessed"), REGION) for name in ("iam", "s3"))
    plain, query = (
        "/?Action=ListRoles&Version=2010-05-08",
        f"AWSAccessKeyId={ACCOUNT}&Signature=none&Expires=9999999999",
    )
    scope = f"Credential={ACCOUNT}/20260101/{REGION}/iam/aws4_request"
    assert status(server, iam.generate_presigned_url("list_roles")) == 403
    assert status(server, s3.generate_presigned_url("list_buckets")) == 403
    assert status(server, f"{plain}&{query}") == 403
    assert status(server, f"/?{query}") == 403
    assert status(server, "/", f"AWS {ACCOUNT}:none") == 403
    assert status(server, plain, scope) == 403


def test_with_iam_no_path_goes_around_it(server: Server) -> None:
    """With IAM, MiniStack's own paths, which read queues or reset the state, are denied."""
    for path in ("/_ministack/reset", "/_ministack/config", "/_ministack/sqs/messages", "/_ministack/ses/messages"):
        assert status(server, path) == 403
    assert status(server, "/_ministack/health") == 200


@pytest.mark.parametrize(
    ("header", "value", "refused"),
    [
        ("Host", "attacker.example", 421),
        ("Origin", "https://attacker.example", 403),
        ("Sec-Fetch-Site", "cross-site", 403),
    ],
)
def test_with_iam_a_web_page_is_refused_as_well(server: Server, header: str, value: str, refused: int) -> None:
    """With IAM, requests of web pages are rejected by their Host and Origin, over TLS too."""
    assert status(server, "/_ministack/health", **{header: value}) == refused


def status(server: Server, url: str, authorization: str = "", **headers: str) -> int:
    """Return the status of a GET without credentials."""
    context = ssl.create_default_context(cafile=server.ca)
    connection = http.client.HTTPSConnection(server.endpoint.rpartition("//")[2], context=context)
    headers |= {"Authorization": authorization} if authorization else {}
    with contextlib.closing(connection):
        connection.request("GET", url.removeprefix(server.endpoint), headers=headers)
        return connection.getresponse().status


def test_with_iam_it_speaks_tls_and_leaves_port_443_alone(server: Server) -> None:
    """With IAM the server speaks TLS on its one port, and does not listen on port 443."""
    assert server.endpoint.startswith("https://127.0.0.1:")
    context = ssl.create_default_context(cafile=server.ca)
    host, _, port = server.endpoint.removeprefix("https://").partition(":")
    with socket.create_connection((host, int(port))) as plain, context.wrap_socket(plain, server_hostname=host) as it:
        assert it.getpeercert()
    sockets = Path("/proc/net/tcp").read_text().splitlines()[1:]
    assert "0100007F:01BB" not in {line.split()[1] for line in sockets if line.split()[3] == "0A"}


def test_a_client_that_stays_connected_does_not_hold_up_its_end(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`down` does not wait for a client that stays connected."""
    monkeypatch.setattr(launcher, "END_SECONDS", 20)
    server = launcher.up(space, None, iam=True)
    context = ssl.create_default_context(cafile=server.ca)
    host, _, port = server.endpoint.removeprefix("https://").partition(":")
    with socket.create_connection((host, int(port))) as plain, context.wrap_socket(plain, server_hostname=host) as it:
        it.sendall(b"GET /_ministack/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert it.recv(100)
        launcher.down(space)
    assert space.saved.exists()


def test_a_killed_one_starts_afresh(space: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """The state of a killed server is discarded, and the start reports it."""
    first = launcher.up(space, None)
    make_queue(first)
    os.killpg(first.pid, signal.SIGKILL)
    os.waitpid(first.pid, 0)
    assert queues(launcher.up(space, None)) == []
    assert "is not used: the embedded AWS was killed" in capsys.readouterr().err


def test_state_of_another_version_starts_afresh(space: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """State of another format version is discarded, and the start reports it."""
    make_queue(launcher.up(space, None))
    launcher.down(space)
    (space.saved / "version").write_text("1")
    assert queues(launcher.up(space, None)) == []
    assert "is not used: its format has version 1, and this version of rehearsal has 2" in capsys.readouterr().err


def test_it_listens_only_on_127_0_0_1(server: Server) -> None:
    """The server listens only on 127.0.0.1, not on the network."""
    port = int(server.endpoint.rpartition(":")[2])
    listening = {
        line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"
    }
    assert f"0100007F:{port:04X}" in listening
    assert f"00000000:{port:04X}" not in listening


def test_a_busy_port_is_refused(space: Workspace) -> None:
    """A busy port is an error that names the port and the option to change it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(WrongUse, match=f"port {port} on 127.0.0.1 cannot be used .* name another with --port"):
            launcher.up(space, port)


@pytest.fixture
def connections_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], object]:
    """Set the lowest port of the ephemeral range."""
    monkeypatch.setattr(listening_socket, "LOCAL_PORTS", tmp_path / "range")
    return lambda lowest: listening_socket.LOCAL_PORTS.write_text(f"{lowest}\t65535\n")


def test_no_connection_is_given_the_port_while_it_is_down(
    space: Workspace, connections_from: Callable[[int], object]
) -> None:
    """The port is outside the ephemeral range, so that no connection takes it while the server is down."""
    connections_from(20_100)
    assert 20_000 <= int(launcher.up(space, None).endpoint.rpartition(":")[2]) < 20_100


def test_where_every_port_is_given_to_connections_any_will_do(
    space: Workspace, connections_from: Callable[[int], object]
) -> None:
    """If the ephemeral range has every port, any port is used."""
    connections_from(1024)
    assert queues(launcher.up(space, None)) == []


def test_no_process_takes_the_port_during_the_start(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server inherits its bound socket, so that no process takes the port during the start."""
    ports: list[str] = []
    popen = subprocess.Popen

    def starts(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        (inherited,) = (fd for fd in options["pass_fds"] if stat.S_ISSOCK(os.fstat(fd).st_mode))
        with socket.socket(fileno=os.dup(inherited)) as its, socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with pytest.raises(OSError, match="in use"):
                other.bind(its.getsockname())
            ports.append(str(its.getsockname()[1]))
        return popen(command, **options)

    monkeypatch.setattr(subprocess, "Popen", starts)
    assert ports == [launcher.up(space, None).endpoint.rpartition(":")[2]]


def test_one_that_runs_at_another_port_is_refused(running: Workspace, server: Server) -> None:
    """`up` with another port than the running server's is an error; the same port succeeds."""
    own = int(server.endpoint.rpartition(":")[2])
    with pytest.raises(WrongUse, match=f"has port {own}, not 1: leave --port out"):
        launcher.up(running, 1)
    assert launcher.up(running, own) == server


def test_a_failed_start_shows_the_end_of_the_log(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of a failed start has the end of the log and the log's path."""
    space.make()
    space.running.write_text("a file where a folder has to be")
    with pytest.raises(WrongUse, match=r"(?s)did not come up.*emulator\.log.*Error"):
        launcher.up(space, None)
    space.running.unlink()


def test_one_that_finds_the_disk_full_says_so(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of a failed start on a full disk says so and names `rehearse clean`."""
    space.make()
    space.running.write_text("a file where a folder has to be")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(WrongUse, match=r"no space is left on the disk of .*make room \(`rehearse clean`"):
        launcher.up(space, None)
    space.running.unlink()


def test_the_users_own_aws_settings_do_not_reach_it(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's environment, which functions inherit, has none of the user's AWS settings."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the-users-own")
    monkeypatch.setenv("AWS_PROFILE", "the-users-own")
    server = launcher.up(space, None)
    environ = Path(f"/proc/{server.pid}/environ").read_bytes()
    assert b"the-users-own" not in environ


def test_accounts_are_apart(server: Server) -> None:
    """Resources of one account are invisible to another account."""
    make_queue(server)
    other = server.to_endpoint().client("sqs", root("333333333333"), REGION)
    with pytest.raises(ClientError, match="NonExistentQueue"):
        other.get_queue_url(QueueName="kept")


def test_a_damaged_state_is_reported_and_not_used(space: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """A damaged state file is reported, and the whole state is discarded."""
    with launcher.join_or_start(space):
        pass
    for text in ('{"a":', "[]", "\0\0"):
        (space.saved / "iam.json").write_text(text)
        with launcher.join_or_start(space):
            assert "the saved state of the embedded AWS is not used: iam.json in " in capsys.readouterr().err


def test_one_whose_workspace_was_removed_ends(space: Workspace) -> None:
    """The server ends when its workspace is removed."""
    server = launcher.up(space, None)
    while space.home.exists():
        shutil.rmtree(space.home, ignore_errors=True)  # the server may still write a file
    deadline = time.monotonic() + 30
    while start_ticks(server.pid) is not None and time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(server.pid, os.WNOHANG)
        time.sleep(0.1)
    assert start_ticks(server.pid) is None
