"""The console of the rehearsed pipeline, which reads the rehearsal through AWS's APIs."""

from __future__ import annotations

import contextlib
import http.client
import re
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import Ran
from tests.e2e.deployed.conftest import Deployed

pytestmark = pytest.mark.e2e


class Pages:
    """The pages of a console whose printed URL was opened."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection("127.0.0.1", parts.port or 0, timeout=60)
        self._connection.request("GET", f"{parts.path}?{parts.query}")
        answer = self._connection.getresponse()
        answer.read()
        self._cookie = str(answer.getheader("set-cookie")).partition(";")[0]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def read(self, path: str) -> str:
        """Return a page, which must exist and name no missing permission."""
        self._connection.request("GET", path, headers={"Cookie": self._cookie})
        answer = self._connection.getresponse()
        page = answer.read().decode()
        assert (answer.status, "Missing permission" in page) == (200, False), f"{path}: {page[:2000]}"
        return page

    def await_text(self, path: str, text: str) -> None:
        """Read a page until it has a text, since logs are read in a thread."""
        deadline = time.monotonic() + 60
        while text not in self.read(path):
            assert time.monotonic() < deadline, f"{path} never had {text}"
            time.sleep(0.2)


def test_every_page_shows_what_was_rehearsed(deployed: Deployed, first: Ran) -> None:
    """The pages show stages, execution, log, test reports, figures, functions and used permissions."""
    process = deployed.start("console")
    with contextlib.ExitStack() as closing:
        closing.callback(_end, process)
        assert process.stdout
        pages = Pages(process.stdout.readline().split()[1])
        closing.callback(pages.close)
        assert "ApproveProd" in pages.read("/")
        id_ = first.result["execution_id"]
        execution = pages.read(f"/executions/{id_}")
        assert "critical path" in execution
        runs = re.findall(rf"/executions/{id_}/actions/[\w-]+/build", execution)
        builds = [pages.read(run) for run in runs]
        assert any(re.search(r"\d+ succeeded", build) for build in builds)
        pages.await_text(f"{runs[0].removesuffix('build')}log/lines", "[Container]")
        assert "Lead time" in pages.read("/executions")
        functions = pages.read("/functions?environment=Dev")
        assert "version 1 100%" in functions
        assert "cold starts: " in functions
        assert "Never used" in pages.read("/permissions")
    assert process.returncode == 0


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


def test_the_execution_is_written_as_one_file(deployed: Deployed, tmp_path: Path) -> None:
    """`rehearse report --html` writes the execution as one file."""
    done = deployed.command("report", "--html", str(tmp_path / "run.html"))
    assert done.returncode == 0, done.stdout
    assert "critical path" in (tmp_path / "run.html").read_text()
