"""CloudWatch Logs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NotRequired, TypedDict

from ministack.services import cloudwatch_logs

# Of two first invocations at the same time, the second one would replace the group, and the first one's events be lost.
_creation = threading.Lock()


class LogEvent(TypedDict):
    message: str
    timestamp: int
    ingestionTime: NotRequired[int]
    logStreamName: NotRequired[str]


class LogSearch(TypedDict, total=False):
    """A request of FilterLogEvents."""

    endTime: float
    filterPattern: str
    limit: int
    logGroupName: str
    logStreamNames: list[str]
    nextToken: str
    startTime: float


def has_group(name: str) -> bool:
    """Whether the request's account has a log group of this name."""
    return name in cloudwatch_logs._log_groups


def put_log_events(group: str, stream: str, milliseconds: int, messages: Sequence[str]) -> None:
    """Write messages to a stream of the request's account; create the group and the stream if needed.

    milliseconds: the events' timestamp, since the epoch.
    """
    with _creation:
        if not has_group(group):
            cloudwatch_logs._create_log_group({"logGroupName": group})
        if stream not in cloudwatch_logs._log_groups[group]["streams"]:
            cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": stream})
    events = [{"timestamp": milliseconds, "message": message} for message in messages]
    cloudwatch_logs._put_log_events({"logGroupName": group, "logStreamName": stream, "logEvents": events})


def streams(request: LogSearch) -> dict[str, list[LogEvent]] | None:
    """Return stream name -> events for the group in a request; None where there is no such group."""
    group = cloudwatch_logs._log_groups.get(cloudwatch_logs._resolve_log_group_name(request))
    if group is None:
        return None
    with cloudwatch_logs._log_events_lock:
        return {name: list(stream["events"]) for name, stream in group["streams"].items()}


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return a function that checks whether a message matches a filter pattern."""
    matches: Callable[[str], bool] = cloudwatch_logs._compile_filter_pattern(pattern)
    return matches
