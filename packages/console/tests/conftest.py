"""A console in a thread of the test's process, in front of a fake AWS."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import http.client
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urlencode

import pytest
from botocore.loaders import JSONFileLoader

from pipeline_console import server
from pipeline_console.pages.application import application
from pipeline_console.pages.site import Options, Site
from pipeline_console.reads import client
from pipeline_console.reads.client import Aws
from pipeline_console.reads.pipeline import PipelineReads
from pipeline_console.security import Keys
from tests.fake_aws import FakeAws, eventually, running_aws
from tests.pipelines import NAME, START


def pytest_collection_finish() -> None:
    """Keep the imports' objects out of later garbage collections."""
    gc.freeze()


@dataclass
class Answer:
    """A response of the console."""

    status: int
    text: str
    headers: Mapping[str, str]


@dataclass
class Console:
    """A console that serves. now: the time that its pages show."""

    site: Site
    port: int
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, headers: Mapping[str, str] | None = None, *, cookie: bool = True) -> Answer:
        """Read a page with the cookie of a browser that has opened the printed URL."""
        return self.call("GET", path, headers, cookie=cookie)

    def post(self, path: str, /, **form: str) -> Answer:
        """Send a form as a page of the console does."""
        return self.post_as({}, self.site.keys.csrf, path, form)

    def post_as(self, headers: Mapping[str, str], csrf: str, path: str, form: Mapping[str, str]) -> Answer:
        """Send a form with other headers, or with another token."""
        given = {"Origin": self.url, "Content-Type": "application/x-www-form-urlencoded", **headers}
        return self.call("POST", path, given, urlencode({**form, "csrf": csrf}))

    def call(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: str = "", *, cookie: bool = True
    ) -> Answer:
        """Call the console."""
        keys = self.site.keys
        given = {"Cookie": f"{keys.cookie}={keys.session}"} if cookie else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body or None, {**given, **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.getheaders()})
        finally:
            connection.close()

    def start(self) -> None:
        """Serve in a thread, like a process that is restarted with the same keys."""
        self.site = dataclasses.replace(self.site)
        opened = server.listen(self.port)
        ready = threading.Event()
        self._ended = threading.Event()

        async def main() -> None:
            ready.set()
            await server.serve_until(lambda: asyncio.to_thread(self._ended.wait), application(self.site), opened)

        self._thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
        self._thread.start()
        assert ready.wait(5)
        eventually(self._answers)

    def stop(self) -> None:
        """Stop serving."""
        self._ended.set()
        self._thread.join(10)
        self.site.logs.close()

    def _answers(self) -> bool:
        try:
            return self.get("/static/icon.svg").status == 200
        except OSError:
            return False


@pytest.fixture(scope="session", autouse=True)
def _models() -> Iterator[None]:
    """Read each file of botocore once: every test has new clients, and their models take half of its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", staticmethod(cache(JSONFileLoader().load_file)))
        yield


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    """A fake AWS without operations, which the clients of the test's process call."""
    with running_aws() as found:
        for name, value in {
            "AWS_ENDPOINT_URL": found.url,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",  # pragma: allowlist secret
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(client, "PAUSES", (0.01,))
        yield found


def free_port() -> int:
    """Return a port that is free, so that tests can run in parallel."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        found: int = opened.getsockname()[1]
        return found


@pytest.fixture
def options() -> Options:
    """The permissions of the test's console; a test module may override this fixture."""
    return Options(approve=True, invoke=True, rehearsed=True)


@pytest.fixture
def console(aws: FakeAws, options: Options) -> Iterator[Console]:
    """A console in front of the fake AWS."""
    reads = Aws(None, "eu-west-1")
    port = free_port()
    found = Console(Site(reads, PipelineReads(reads, NAME), Keys(port), options, now=lambda: START + 700), port)
    found.start()
    yield found
    found.stop()
