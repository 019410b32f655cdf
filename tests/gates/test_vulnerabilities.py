"""The gate of known vulnerabilities, with a database that has one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.gates.faults import DEPENDENCIES, Change, run

VULNERABLE = {"vulns": [{"id": "GHSA-planted", "aliases": ["CVE-2026-1"], "summary": "planted", "affected": []}]}


class Osv(BaseHTTPRequestHandler):
    """A vulnerability database that has one vulnerability, of jmespath."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps(VULNERABLE if asked["package"]["name"] == "jmespath" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Print nothing."""


@pytest.fixture(scope="module")
def osv() -> Iterator[str]:
    """The URL of a local vulnerability database."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Osv)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    thread.join()
    server.server_close()


def exception(text: str) -> Change:
    """Return the change that adds an exception to the gate of dependencies."""
    return Change("pyproject.toml", f"ignore = [{text}]", old="ignore = []")


ACCEPTED = exception('{ id = "CVE-2026-1", reason = "no query of a stranger is run", expires = 2999-12-31 }')


@pytest.mark.slow
@pytest.mark.gate
def test_a_known_vulnerability_is_red(project: Path, osv: str) -> None:
    """A known vulnerability is red unless it is accepted by one of its names until a future date."""
    red = run(DEPENDENCIES, project, PIP_AUDIT_OSV_URL=osv)
    assert red.returncode == 1
    assert "CVE-2026-1, GHSA-planted; update it (`poetry update --lock jmespath`)" in red.stderr
    with ACCEPTED.planted(project):
        assert run(DEPENDENCIES, project, PIP_AUDIT_OSV_URL=osv).returncode == 0


@pytest.mark.slow
@pytest.mark.gate
def test_a_gate_that_is_open_is_red_on_aws(project: Path, osv: str) -> None:
    """A build in a real account rejects `warn`; a rehearsal with placeholders accepts it."""
    build = "arn:aws:codebuild:eu-west-1:{}:build/a:b"
    with ACCEPTED.planted(project):
        red = run(DEPENDENCIES, project, PIP_AUDIT_OSV_URL=osv, CODEBUILD_BUILD_ARN=build.format(210987654321))
        rehearsed = run(DEPENDENCIES, project, PIP_AUDIT_OSV_URL=osv, CODEBUILD_BUILD_ARN=build.format(111111111111))
    assert red.returncode == 1
    assert 'on-unreachable = "warn" is for rehearsals; on AWS set "fail"' in red.stderr
    assert rehearsed.returncode == 0


@pytest.mark.slow
def test_an_exception_that_nothing_needs_is_red(project: Path, osv: str) -> None:
    """An unused exception is red, since it would hide a future finding."""
    with exception('{ id = "GHSA-other", reason = "it was there once", expires = 2999-12-31 }').planted(project):
        done = run(DEPENDENCIES, project, PIP_AUDIT_OSV_URL=osv)
    assert "GHSA-other: no shipped package has it; remove the exception" in done.stderr


@pytest.mark.slow
def test_a_malformed_exception_is_wrong_use(project: Path) -> None:
    """An exception without a reason and a date exits with 2."""
    with exception('{ id = "GHSA-other" }').planted(project):
        done = run(DEPENDENCIES, project)
    assert done.returncode == 2
    assert "[tool.dependency-gate] ignore.0.reason" in done.stderr
