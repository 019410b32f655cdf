"""CloudWatch Logs."""

from __future__ import annotations

from collections.abc import Sequence

from ministack.services import cloudwatch_logs


def put_log_events(group: str, stream: str, milliseconds: int, messages: Sequence[str]) -> None:
    """Write messages to a stream of the request's account; create the group and the stream if needed."""
    if group not in cloudwatch_logs._log_groups:
        cloudwatch_logs._create_log_group({"logGroupName": group})
    if stream not in cloudwatch_logs._log_groups[group]["streams"]:
        cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": stream})
    events = [{"timestamp": milliseconds, "message": message} for message in messages]
    cloudwatch_logs._put_log_events({"logGroupName": group, "logStreamName": stream, "logEvents": events})
