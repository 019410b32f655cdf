"""Pages of FilterLogEvents, of which MiniStack returns only one.

Source: CloudWatch Logs API reference, "FilterLogEvents": a page has at most 10,000 events and 1 MB, it may be partially
full or even empty, and a nextToken means that there may be more.
"""

from __future__ import annotations

import base64
import heapq
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from rehearsal.emulator.ministack.port import logs
from rehearsal.emulator.ministack.port.logs import LogEvent, LogSearch
from rehearsal.emulator.ministack.port.requests import Answer, error_response_json, json_response

Search = Callable[[LogSearch], Answer]

PAGE_EVENTS, PAGE_BYTES = 10_000, 1_048_576


@dataclass
class Page:
    """One page of a search.

    events: those that match. read: stream -> number of events read so far, this page included. bytes: size of the
    events' messages.
    """

    events: list[LogEvent] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)
    bytes: int = 0

    def read_event(self, event: LogEvent, stream: str, *, matches: bool) -> None:
        self.read[stream] = self.read.get(stream, 0) + 1
        if matches:
            self.events.append({**event, "logStreamName": stream})
            self.bytes += len(event["message"].encode())


def answer_in_pages(search: Search) -> Search:
    """Return the replacement of FilterLogEvents; the first page ends after one half of the events.

    On AWS a page may end anywhere, so a caller that reads only the first one misses events. Here it does as well.
    """

    def search_page(data: LogSearch) -> Answer:
        streams = logs.streams(data)
        if streams is None:
            return search(data)  # MiniStack returns the error
        try:
            read = _parse_token(data.get("nextToken"))
        except ValueError:
            return error_response_json("InvalidParameterException", "The specified nextToken is invalid.", 400)
        page, is_last = _search(data, streams, read)
        token = {} if is_last else {"nextToken": _token(page.read)}
        return json_response({"events": page.events, "searchedLogStreams": [], **token})

    return search_page


def _search(data: LogSearch, streams: Mapping[str, list[LogEvent]], read: Mapping[str, int]) -> tuple[Page, bool]:
    """Return a page that begins where `read` ends, and whether it is the last one."""
    remaining = list(_merged(data, streams, read))
    matches, page = logs.matcher(str(data.get("filterPattern") or "")), Page(read=dict(read))
    limit = min(int(data.get("limit") or PAGE_EVENTS), PAGE_EVENTS)
    # The first page is only half full, see answer_in_pages.
    end = len(remaining) if read or len(remaining) < 2 else len(remaining) // 2
    for event, stream in remaining[:end]:
        if len(page.events) == limit or page.bytes + len(event["message"].encode()) > PAGE_BYTES:
            return page, False
        page.read_event(event, stream, matches=matches(event["message"]))
    return page, end == len(remaining)


def _merged(
    data: LogSearch, streams: Mapping[str, list[LogEvent]], read: Mapping[str, int]
) -> Iterator[tuple[LogEvent, str]]:
    """Return the events of the time range, each with its stream, in order of time, without those already read."""
    names = data.get("logStreamNames") or [*streams]
    first, last = data.get("startTime") or 0, data.get("endTime") or float("inf")
    ranges = [
        [(event, name) for event in streams.get(name, []) if first <= event["timestamp"] <= last][read.get(name, 0) :]
        for name in names
    ]
    return heapq.merge(*ranges, key=lambda item: (item[0]["timestamp"], item[0].get("ingestionTime", 0)))


def _token(read: Mapping[str, int]) -> str:
    return base64.b64encode(json.dumps(read).encode()).decode()


def _parse_token(token: object) -> dict[str, int]:
    """Return stream -> number of events read, from a nextToken. Raises ValueError where the token is invalid."""
    read = json.loads(base64.b64decode(str(token), validate=True)) if token else {}
    if not isinstance(read, dict) or not all(isinstance(count, int) for count in read.values()):
        raise ValueError(token)
    return read
