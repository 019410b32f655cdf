"""Access to the console, and its content security policy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline_console.security import kept_session
from tests.conftest import Console
from tests.fake_aws import FakeAws
from tests.pipelines import Pipeline, green

pytestmark = pytest.mark.usefixtures("pipeline")


@pytest.fixture
def pipeline(aws: FakeAws) -> Pipeline:
    """A pipeline with one execution."""
    return Pipeline(green()).serve(aws)


def test_the_printed_url_becomes_a_strict_cookie(console: Console) -> None:
    """The printed URL's token is replaced by a strict cookie, which scripts cannot read."""
    answer = console.get(f"/?token={console.site.keys.token}", cookie=False)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert console.site.keys.session in answer.headers["set-cookie"]
    for flag in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert flag in answer.headers["set-cookie"]


@pytest.mark.gate
@pytest.mark.parametrize("path", ["/", "/?token=wrong", "/static/console.js", "/events", "/executions/x"])
def test_without_the_cookie_nothing_is_served(console: Console, path: str) -> None:
    """Without the cookie no page, file or event is served; the response says to open the printed URL."""
    answer = console.get(path, cookie=False)
    assert (answer.status, "open the URL" in answer.text) == (401, True)


@pytest.mark.gate
@pytest.mark.parametrize("path", ["//evil.example/", "/%2F/evil.example", "/\\\\evil.example"])
def test_the_token_leads_to_this_console_only(console: Console, path: str) -> None:
    """The redirect after the token never leads to another host."""
    location = console.get(f"{path}?token={console.site.keys.token}", cookie=False).headers["location"]
    assert re.fullmatch(r"/(?![/\\\\]).*", location)


@pytest.mark.gate
@pytest.mark.parametrize(
    "name", ["..%2Fsite.py", "%2e%2e%2fsite.py", "..%5Csite.py", "%2Fetc%2Fpasswd", "..", "console.py", ".css"]
)
def test_only_files_of_the_page_are_served(console: Console, name: str) -> None:
    """Files outside of the static folder, and files of other types, are not served."""
    assert console.get(f"/static/{name}").status == 404


@pytest.mark.gate
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "evil.example:{port}", ""])
def test_another_host_is_refused(console: Console, host: str) -> None:
    """A request with another Host header is rejected even with the cookie."""
    assert console.get("/", {"Host": host.format(port=console.port)}).status == 421


@pytest.mark.gate
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_a_foreign_origin_is_refused(console: Console, headers: dict[str, str]) -> None:
    """A request from another origin is rejected, reads included."""
    assert console.get("/", headers).status == 403


def test_every_answer_has_a_strict_policy(console: Console) -> None:
    """Every response forbids inline scripts, other hosts, frames and caching; pages have no inline script or style."""
    for path in ("/", "/executions/unknown", "/static/console.css"):
        headers = console.get(path).headers
        assert "script-src 'self';" in headers["content-security-policy"]
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"  # no other host gets the URL of a page
        assert headers["cache-control"] in ("no-store", "no-cache")
    page = console.get("/").text
    assert page.count("<script") == page.count("<script src=") == 1
    assert " style=" not in page
    assert " onclick=" not in page


def test_no_credential_reaches_a_page(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """No page has the token or the cookie's value, which a script could read."""
    page = console.get("/").text
    assert console.site.keys.session not in page
    assert console.site.keys.token not in page


@pytest.mark.gate
def test_a_bug_of_a_page_leaves_a_log(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in a page writes one log, which the page names without a traceback; the next page is served."""
    with monkeypatch.context() as changed:
        changed.setattr(console.site.reads, "executions", lambda *_: 1 / 0)
        answer = console.get("/")
        assert console.get("/").text == answer.text
    assert answer.status == 500
    log = Path(answer.text.split()[-1])
    assert "ZeroDivisionError" in log.read_text()
    assert "Traceback" not in answer.text
    log.unlink()
    assert console.get("/").status == 200


def test_the_session_of_a_port_outlives_the_console(tmp_path: Path) -> None:
    """A port's session survives a restart; a file that others can read, or a damaged one, is not used."""
    first = kept_session(8377, tmp_path)
    assert (kept_session(8377, tmp_path), kept_session(8378, tmp_path) == first) == (first, False)
    file = tmp_path / "pipeline-console" / "session-8377"
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    assert kept_session(8377, tmp_path) != first
    file.chmod(0o600)
    file.write_text("")
    assert len(kept_session(8377, tmp_path)) > 30
    (tmp_path / "file").touch()
    assert len(kept_session(8377, tmp_path / "file")) > 30
