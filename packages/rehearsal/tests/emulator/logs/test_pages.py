"""Pagination of log searches: MiniStack returns one page without the correction."""

from __future__ import annotations

import contextvars
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ministack.services import cloudwatch_logs

from rehearsal.emulator.logs import pages
from rehearsal.emulator.ministack.corrections import refusals
from rehearsal.emulator.ministack.patches import correct
from rehearsal.emulator.ministack.port import logs
from tests.conftest import Embedded

pytestmark = pytest.mark.usefixtures("as_it_comes")
LINES = ["one", "two", "three", "found"]


def write(*messages: str, stream: str = "s") -> None:
    for number, message in enumerate(messages):
        logs.put_log_events("g", stream, 1000 + number, [message])


def search(**request: Any) -> list[list[str]]:
    """Return the messages of each page, read with the tokens."""
    found: list[list[str]] = []
    token: dict[str, str] = {}
    while True:
        status, _, body = cloudwatch_logs._filter_log_events({"logGroupName": "g", **request, **token})
        answer = json.loads(body)
        assert status == 200, answer
        found.append([event["message"] for event in answer["events"]])
        if "nextToken" not in answer:
            return found
        token = {"nextToken": answer["nextToken"]}


def joined(found: list[list[str]]) -> list[str]:
    return [message for page in found for message in page]


def test_a_search_has_several_pages() -> None:
    """The fault: one page. Corrected, a page may be empty, and all pages together have every event."""
    write(*LINES)
    assert search() == [LINES]
    correct(refusals.LOG_PAGES)
    assert search() == [["one", "two"], ["three", "found"]]
    assert search(filterPattern="found") == [[], ["found"]]
    assert search(limit=1) == [["one"], ["two"], ["three"], ["found"]]


def test_no_event_of_two_first_invocations_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two first invocations at the same time create one log group, which has the events of both."""
    name, both = cloudwatch_logs._make_group_arn, threading.Barrier(2)

    def name_slowly(group: str) -> str:
        time.sleep(0.1)  # between MiniStack's check for an existing group and the new one
        return str(name(group))

    def write_first(stream: str) -> None:
        both.wait()
        write(stream, stream=stream)

    monkeypatch.setattr(cloudwatch_logs, "_make_group_arn", name_slowly)
    with ThreadPoolExecutor(2) as pool:  # the account is in the context
        writes = [pool.submit(contextvars.copy_context().run, write_first, stream) for stream in ("one", "two")]
    assert [write.exception() for write in writes] == [None, None]
    assert sorted(joined(search())) == ["one", "two"]


def test_streams_are_searched_in_the_order_of_time() -> None:
    """A search orders the events of several streams by time, and omits the streams that it does not name."""
    correct(refusals.LOG_PAGES)
    write("one", "three")
    write("two", "four", stream="t")
    assert joined(search()) == ["one", "two", "three", "four"]
    assert joined(search(logStreamNames=["t"])) == ["two", "four"]
    assert joined(search(startTime=1001, endTime=1001)) == ["three", "four"]


def test_ten_thousand_events_and_more_are_read_whole() -> None:
    """The fault: a search loses events beyond 10,000. Corrected, both read operations return them all."""
    messages = [f"line {number}" for number in range(pages.PAGE_EVENTS * 2 + 3)]
    logs.put_log_events("g", "s", 1000, messages)
    assert joined(search()) == messages[: pages.PAGE_EVENTS]
    correct(refusals.LOG_PAGES)
    found = search()
    assert joined(found) == messages
    assert max(map(len, found)) <= pages.PAGE_EVENTS
    assert read() == messages


def read() -> list[str]:
    """Return the messages of the stream, page by page."""
    where = {"logGroupName": "g", "logStreamName": "s", "startFromHead": True}
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        answer = json.loads(cloudwatch_logs._get_log_events({**where, **token})[2])
        if answer["nextForwardToken"] == token.get("nextToken"):
            return found
        found += [event["message"] for event in answer["events"]]
        token = {"nextToken": answer["nextForwardToken"]}


def test_a_page_holds_one_megabyte() -> None:
    """A page has at most one megabyte, and further pages have the rest."""
    correct(refusals.LOG_PAGES)
    write(*["x" * 200_000] * 12)
    found = search()
    assert sum(map(len, found)) == 12
    assert max(sum(map(len, page)) for page in found) <= pages.PAGE_BYTES


@pytest.mark.parametrize("token", ["no base64!", "e30=x", "WzFd"])
def test_a_token_of_ones_own_is_refused(token: str) -> None:
    """An invalid token is rejected, as on AWS."""
    correct(refusals.LOG_PAGES)
    write(*LINES)
    status, _, body = cloudwatch_logs._filter_log_events({"logGroupName": "g", "nextToken": token})
    assert (status, b"The specified nextToken is invalid." in body) == (400, True)


def test_a_missing_group_is_an_error() -> None:
    """A search in a missing group has AWS's error."""
    correct(refusals.LOG_PAGES)
    status, _, body = cloudwatch_logs._filter_log_events({"logGroupName": "none"})
    assert (status, b"ResourceNotFoundException" in body) == (400, True)


@pytest.mark.slow
def test_a_client_that_reads_every_page_finds_everything(embedded: Embedded) -> None:
    """boto3's paginator finds an event that is not on the first page."""
    api, group = embedded.client("logs"), embedded.name("group")
    api.create_log_group(logGroupName=group)
    api.create_log_stream(logGroupName=group, logStreamName="s")
    events = [{"timestamp": 1_700_000_000_000 + number, "message": line} for number, line in enumerate(LINES)]
    api.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    found = api.get_paginator("filter_log_events").paginate(logGroupName=group, filterPattern="found")
    assert [event["message"] for page in found for event in page["events"]] == ["found"]
    assert api.filter_log_events(logGroupName=group, filterPattern="found")["events"] == []
