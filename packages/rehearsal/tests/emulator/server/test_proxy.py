"""The proxy of builds and functions: AWS's host names lead to the embedded AWS, other hosts to the network."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rehearsal.aws import root
from rehearsal.emulator.server import proxy
from rehearsal.emulator.server.proxy_process import ProxyProcess
from rehearsal.host.procfs import children
from tests.conftest import ACCOUNT, REGION, Embedded

SDK = """
import boto3
s3 = boto3.client("s3")
for bucket in ("of-the-proxy", "with.a.dot"):
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    s3.put_object(Bucket=bucket, Key="key", Body=b"object of " + bucket.encode())
    print(s3.get_object(Bucket=bucket, Key="key")["Body"].read().decode())
print(boto3.client("sts").get_caller_identity()["Account"], s3.meta.endpoint_url)
"""
MOCKED = """
import boto3
from botocore.awsrequest import AWSResponse

class Body:
    def stream(self):
        yield b'{"Parameter": {"Value": "of the mock"}}'

def answer(request, **_):
    if request.url.startswith("https://ssm.eu-west-1.amazonaws.com/"):
        return AWSResponse(request.url, 200, {}, Body())

session = boto3.Session()
session.events.register("before-send.ssm", answer)
print(session.client("ssm", region_name="eu-west-1").get_parameter(Name="any")["Parameter"]["Value"])
"""
GO = """
package main

import ("fmt"; "net/http")

func main() {
	answer, failure := http.Get("https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15")
	if failure != nil { panic(failure) }
	fmt.Println(answer.StatusCode)
}
"""
USER = "me:a%3Aword"
NODE = """
const { connect } = require("net"), tls = require("tls"), https = require("https"), http = require("http");
const identity = "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15";
const agent = new https.Agent({ keepAlive: false });
const done = (name) => (answer) => { console.log(name, answer.statusCode || answer.status); answer.resume?.(); };
https.get(identity, { agent }, done("https"));
http.get({ host: "s3.amazonaws.com", agent: new http.Agent() }, done("http"));
const secure = tls.connect({ host: "sts.amazonaws.com", port: 443, servername: "sts.amazonaws.com" }, () => {
  console.log("tls", secure.authorized); secure.destroy();
});
const plain = connect(80, "s3.amazonaws.com", () => { console.log("net", plain.remoteAddress); plain.destroy(); });
fetch(identity).then(done("fetch"));
"""


@dataclass
class Elsewhere:
    """A server on this machine that records its requests."""

    port: int
    heads: list[bytes] = field(default_factory=list)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """A fake of the machine's proxy or of a server on the network."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = Elsewhere(listener.getsockname()[1])

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client:
                    found.heads.append(client.recv(65536))
                    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nelsewhere")

        threading.Thread(target=serve, daemon=True).start()
        yield found
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, elsewhere: Elsewhere) -> Iterator[ProxyProcess]:
    """A proxy on a machine that has a proxy, and whose NO_PROXY includes AWS."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://{USER}@127.0.0.1:{elsewhere.port}")
    monkeypatch.setenv("no_proxy", ".amazonaws.com,localhost")
    process = ProxyProcess(elsewhere.port, elsewhere.port)
    process.start()
    yield process
    process.end()


def run(embedded: Embedded, *command: str) -> str:
    """Return the output of a command whose environment has only a build's variables."""
    variables = embedded.endpoint.build_environ(root(ACCOUNT), REGION)
    env = {"PATH": os.environ["PATH"], **variables}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_boto3_reaches_the_embedded_aws_under_awss_names(embedded: Embedded) -> None:
    """boto3 reaches the embedded AWS without AWS_ENDPOINT_URL: virtual hosts, paths, regional and global hosts."""
    printed = run(embedded, sys.executable, "-c", SDK).split("\n")
    assert printed[:2] == ["object of of-the-proxy", "object of with.a.dot"]
    assert printed[2] == f"{ACCOUNT} https://s3.{REGION}.amazonaws.com"


def test_mocks_by_host_name_answer_as_on_aws(embedded: Embedded) -> None:
    """A mock of botocore that recognizes AWS's host names, as moto does, answers in place of the embedded AWS."""
    assert run(embedded, sys.executable, "-c", MOCKED) == "of the mock\n"


@pytest.mark.skipif(not shutil.which("curl"), reason="this machine has no curl")
def test_curl_reaches_the_embedded_aws_under_awss_names(embedded: Embedded) -> None:
    """curl reaches the embedded AWS by HTTP, and by HTTPS with its authority."""
    for scheme in ("https", "http"):
        assert "<ListAllMyBucketsResult" in run(
            embedded, "curl", "--silent", "--show-error", f"{scheme}://s3.amazonaws.com/"
        )


@pytest.mark.skipif(not shutil.which("go"), reason="this machine has no Go")
def test_a_program_in_go_reaches_the_embedded_aws(embedded: Embedded, tmp_path: Path) -> None:
    """Go's HTTP client, which AWS's SDK for Go uses, reaches the embedded AWS, and trusts its certificate."""
    (tmp_path / "main.go").write_text(GO)
    subprocess.run(("go", "build", "-o", "program", "main.go"), cwd=tmp_path, check=True)
    assert run(embedded, str(tmp_path / "program")) == "200\n"


@pytest.mark.skipif(not shutil.which("node"), reason="this machine has no Node")
def test_every_client_of_node_reaches_the_embedded_aws(embedded: Embedded) -> None:
    """Node.js's https, http, fetch, tls and net, which ignore HTTPS_PROXY, reach the embedded AWS."""
    printed = sorted(run(embedded, "node", "-e", NODE).splitlines())
    assert printed == ["fetch 200", "http 200", "https 200", "net 127.0.0.1", "tls true"]


def test_a_request_to_aws_never_leaves_this_machine(started: ProxyProcess, elsewhere: Elsewhere) -> None:
    """A request to AWS reaches the embedded AWS's port, whatever NO_PROXY and the machine's proxy are."""
    for target in ("https://sts.amazonaws.com/", "http://bucket.s3.amazonaws.com/key"):
        with socket.create_connection(("127.0.0.1", int(started.url.rpartition(":")[2]))) as client:
            host = target.split("/")[2]
            line = f"CONNECT {host}:443" if target.startswith("https") else f"GET {target}"
            client.sendall(f"{line} HTTP/1.1\r\nHost: {host}\r\nProxy-Connection: keep-alive\r\n\r\n".encode())
            if target.startswith("https"):
                assert client.recv(100).startswith(b"HTTP/1.1 200")
                client.sendall(b"what is encrypted")
            assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
    encrypted, plain = elsewhere.heads
    assert encrypted == b"what is encrypted"
    assert plain == b"GET /key HTTP/1.1\r\nHost: bucket.s3.amazonaws.com\r\nConnection: close\r\n\r\n"


def test_other_hosts_are_reached_as_the_machine_reaches_them(started: ProxyProcess, elsewhere: Elsewhere) -> None:
    """Other hosts are reached through the machine's proxy with its password, or directly as NO_PROXY says."""
    urls = ["http://packages.example/simple", f"http://localhost:{elsewhere.port}/simple"]
    for url in urls:
        command = ["curl", "--silent", "--proxy", started.url, "--noproxy", "", url]
        assert subprocess.run(command, capture_output=True, check=True).stdout == b"elsewhere"
    through, direct = (head.split(b"\r\n") for head in elsewhere.heads)
    assert through[0] == b"GET http://packages.example:80/simple HTTP/1.1"
    assert b"Proxy-Authorization: Basic bWU6YTp3b3Jk" in through
    assert direct[0] == b"GET /simple HTTP/1.1"


def test_a_download_that_breaks_off_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client's connection is closed immediately if its server closes, so that it can retry."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    started = ProxyProcess(1, 1)
    started.start()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        host, port = started.url.removeprefix("http://").split(":")
        client.settimeout(10)
        client.connect((host, int(port)))
        client.sendall(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n" % server.getsockname()[1])
        far, _ = server.accept()
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
        far.sendall(b"half")
        assert client.recv(1000) == b"half"
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close() resets the connection
        far.close()
        assert client.recv(1000) == b""
    started.end()


def test_an_open_connection_does_not_delay_the_end() -> None:
    """The proxy ends although a client's connection is open."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        started = ProxyProcess(server.getsockname()[1], 1)
        process = started.start()
        address = started.url.removeprefix("http://").split(":")
        with socket.create_connection((address[0], int(address[1])), timeout=20) as client:
            client.sendall(b"CONNECT sts.eu-west-1.amazonaws.com:443 HTTP/1.1\r\n\r\n")
            tunnel, _ = server.accept()
            with tunnel:
                assert client.recv(1024).startswith(b"HTTP/1.1 200")
                assert process.stdin
                process.stdin.close()
                assert process.wait(20) == 0


def test_the_process_starts_with_the_first_connection(elsewhere: Elsewhere) -> None:
    """No process runs before a client connects, and the first client is served."""
    started, before = ProxyProcess(elsewhere.port, elsewhere.port), children(os.getpid())

    async def answer() -> bytes:
        started.start_on_connection(asyncio.get_running_loop())
        await asyncio.sleep(0)
        assert children(os.getpid()) == before
        reader, writer = await asyncio.open_connection("127.0.0.1", int(started.url.rpartition(":")[2]))
        writer.write(b"GET http://s3.eu-west-1.amazonaws.com/ HTTP/1.1\r\n\r\n")
        received = await reader.read()
        writer.close()
        return received

    assert asyncio.run(answer()).endswith(b"elsewhere")
    started.end()
    assert children(os.getpid()) == before


def test_a_host_that_cannot_be_reached_is_named(embedded: Embedded) -> None:
    """The response for an unreachable host has the reason."""
    command = ["curl", "--silent", "--proxy", embedded.endpoint.proxy, "--noproxy", "", "http://127.0.0.1:9/"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert "the rehearsal's proxy: ConnectionRefusedError" in said


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "takes http://HOST/PATH"),
        (b"CONNECT host:99999 HTTP/1.1\r\n\r\n", "Port out of range"),
        (b"\x16\x03\x01\r\n\r\n", "is not an HTTP request"),
    ],
)
def test_an_invalid_proxy_request_is_rejected(head: bytes, why: str) -> None:
    """An invalid proxy request is an error that says what is accepted."""
    with pytest.raises(proxy.BadRequest, match=re.escape(why)):
        proxy.parse(head)
