"""Access to an embedded AWS that runs: its callers, addresses and modes."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from rehearsal.aws import root
from rehearsal.emulator.server import launcher
from rehearsal.engine.endpoint import Credentials
from rehearsal.errors import WrongUse
from rehearsal.workspace.layout import Server, Workspace
from tests.emulator.server.conftest import ACCOUNT, REGION, make_queue


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The workspace of an embedded AWS with IAM that no test ends; the user who started it has AWS settings."""
    workspace = Workspace(tmp_path_factory.mktemp("running"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "the-users-own")
        patch.setenv("AWS_PROFILE", "the-users-own")
        launcher.up(workspace, None, iam=True)
    yield workspace
    launcher.down(workspace)


@pytest.fixture
def server(running: Workspace) -> Server:
    """The embedded AWS that no test ends."""
    found = running.server()
    assert found
    return found


def test_the_users_own_aws_settings_do_not_reach_it(server: Server) -> None:
    """The server's environment, which functions inherit, has none of the user's AWS settings."""
    environ = Path(f"/proc/{server.pid}/environ").read_bytes()
    assert b"the-users-own" not in environ


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


def test_accounts_are_apart(server: Server) -> None:
    """Resources of one account are invisible to another account."""
    make_queue(server)
    other = server.to_endpoint().client("sqs", root("333333333333"), REGION)
    with pytest.raises(ClientError, match="NonExistentQueue"):
        other.get_queue_url(QueueName="kept")


def test_it_listens_only_on_127_0_0_1(server: Server) -> None:
    """The server listens only on 127.0.0.1, not on the network."""
    port = int(server.endpoint.rpartition(":")[2])
    listening = {
        line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"
    }
    assert f"0100007F:{port:04X}" in listening
    assert f"00000000:{port:04X}" not in listening


def test_one_that_runs_at_another_port_is_refused(running: Workspace, server: Server) -> None:
    """`up` with another port than the running server's is an error; the same port succeeds."""
    own = int(server.endpoint.rpartition(":")[2])
    with pytest.raises(WrongUse, match=f"has port {own}, not 1: leave --port out"):
        launcher.up(running, 1)
    assert launcher.up(running, own) == server


def test_one_that_runs_in_the_other_mode_is_refused(running: Workspace) -> None:
    """`--no-iam` with a running server that enforces IAM is an error; without the option any server is used."""
    with pytest.raises(WrongUse, match="enforces IAM: end it with `rehearse down` first"):
        launcher.up(running, None, iam=False)
    assert launcher.up(running, None).iam
