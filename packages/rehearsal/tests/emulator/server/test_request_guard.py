"""The embedded AWS rejects requests of web pages, whatever headers the browser sends."""

from __future__ import annotations

import http.client
from collections.abc import Mapping

import pytest

from rehearsal.emulator.server.request_guard import refuse_foreign_caller
from tests.conftest import Embedded

QUERY = "Action=CreateQueue&QueueName={}&Version=2012-11-05"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def answered(embedded: Embedded, headers: Mapping[str, str], method: str = "POST", body: str = "") -> tuple[int, str]:
    """Return the status and the text of the response; `headers` may have a Host."""
    connection = http.client.HTTPConnection(embedded.endpoint.url.rpartition("//")[2], timeout=20)
    connection.request(method, "/", body=body.encode(), headers={**FORM, **headers})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert not (answer.status in (403, 421) and answer.getheader("Access-Control-Allow-Origin"))
    return answer.status, text


def queues(embedded: Embedded) -> str:
    return " ".join(embedded.client("sqs").list_queues().get("QueueUrls", []))


@pytest.mark.parametrize(
    ("headers", "status", "told"),
    [
        ({"Host": "attacker.example"}, 421, "is not attacker.example"),
        ({"Host": "127.0.0.1.attacker.example:80"}, 421, "call 127.0.0.1, localhost"),
        ({"Host": "localhost.attacker.example"}, 421, "localhost"),
        ({"Host": "[::1"}, 421, "call 127.0.0.1"),
        ({"Origin": "https://attacker.example"}, 403, "this one is https://attacker.example"),
        ({"Origin": "null"}, 403, "this one is null"),
        ({"Origin": "http://127.0.0.1:1"}, 403, "no web page of another origin"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "Sec-Fetch-Site: cross-site"),
        ({"Sec-Fetch-Site": "same-site"}, 403, "Sec-Fetch-Site: same-site"),
    ],
)
def test_a_request_of_a_web_page_is_rejected(
    embedded: Embedded, headers: dict[str, str], status: int, told: str
) -> None:
    """A web page's form request is rejected, although browsers send it without a preflight."""
    name = embedded.name("forged")
    got, text = answered(embedded, headers, body=QUERY.format(name))
    assert got == status
    assert told in text
    assert name not in queues(embedded)


@pytest.mark.parametrize("headers", [{"Host": "attacker.example"}, {"Origin": "https://attacker.example"}])
def test_a_preflight_of_a_web_page_is_rejected(embedded: Embedded, headers: dict[str, str]) -> None:
    """A preflight of a web page is rejected; MiniStack itself would allow every origin."""
    asks = {**headers, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-amz-target"}
    status, _ = answered(embedded, asks, method="OPTIONS")
    assert status in (403, 421)


@pytest.mark.gate
def test_without_these_headers_the_same_request_is_answered(embedded: Embedded) -> None:
    """The same request without these headers succeeds, so that the tests above can fail."""
    name = embedded.name("made")
    status, text = answered(embedded, {}, body=QUERY.format(name))
    assert (status, name in text) == (200, True)


@pytest.mark.parametrize("host", ["127.0.0.1:80", "localhost", "LOCALHOST:1", "[::1]:80", "bucket.localhost:4566"])
def test_names_of_this_machine_are_answered(host: str) -> None:
    """Names of this machine are accepted with and without a port, and for pages of the same origin."""
    assert refuse_foreign_caller({"host": host}) is None
    assert refuse_foreign_caller({"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}) is None
    assert refuse_foreign_caller({"host": host, "sec-fetch-site": "none"}) is None


@pytest.mark.parametrize("end", ["s3.localhost:80", "s3.eu-west-1.amazonaws.com"])
def test_a_bucket_in_the_hosts_name_is_found(embedded: Embedded, end: str) -> None:
    """A virtual-hosted bucket name is found, as SDKs send it."""
    bucket = embedded.bucket()
    embedded.client("s3").put_object(Bucket=bucket, Key="a", Body=b"found")
    url = embedded.client("s3").generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a"})
    connection = http.client.HTTPConnection(embedded.endpoint.url.rpartition("//")[2], timeout=20)
    connection.request("GET", f"/a?{url.partition('?')[2]}", headers={"Host": f"{bucket}.{end}"})
    assert connection.getresponse().read().decode() == "found"
    connection.close()
