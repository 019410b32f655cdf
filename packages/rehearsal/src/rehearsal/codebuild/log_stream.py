"""A build's log stream in CloudWatch Logs, written in a separate thread so that the build never waits.

Source: Amazon CloudWatch Logs API reference, "PutLogEvents".
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

BATCH_EVENTS = 1000
BATCH_BYTES = 900_000  # the API takes 1 MiB, 26 bytes of it for each event
EVENT_BYTES = 200_000
CLOSE_SECONDS = 10.0
# The embedded AWS has it all in memory, ten times as large; the log file has every line.
STREAM_BYTES = 10_000_000
_OVERHEAD = 26

Event = dict[str, Any]


class LogStream:
    """Writes lines to `stream` of `group`, both made where they are missing. Best effort: `close` says what failed."""

    def __init__(self, client: Any, group: str, stream: str) -> None:
        self._client, self._group, self._stream = client, group, stream
        self._waiting: queue.Queue[Event | None] = queue.Queue()
        self._failure, self._room = "", STREAM_BYTES
        self._thread = threading.Thread(target=self._write, name=f"logs {stream}", daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        text = line.encode(errors="replace")[:EVENT_BYTES].decode(errors="ignore")
        self._room -= len(text) + _OVERHEAD
        if self._room < 0:
            self._failure = (
                f"{self._group} takes {STREAM_BYTES // 1_000_000} MB of one build; the log file has the rest"
            )
            return
        # an event without text is refused
        self._waiting.put({"timestamp": int(time.time() * 1000), "message": text or " "})

    def close(self) -> str:
        self._waiting.put(None)
        self._thread.join(CLOSE_SECONDS)
        return self._failure or (f"still being written after {CLOSE_SECONDS:.0f} s" if self._thread.is_alive() else "")

    def _write(self) -> None:
        try:
            self._make()
            while batch := self._batch():
                self._client.put_log_events(logGroupName=self._group, logStreamName=self._stream, logEvents=batch)
        except (ClientError, BotoCoreError) as error:
            self._failure = f"{self._group}: {error}"

    def _make(self) -> None:
        """The stream, and only where its group is missing, the group: a role need not be able to make both."""
        errors = self._client.exceptions
        with contextlib.suppress(errors.ResourceAlreadyExistsException):
            try:
                self._client.create_log_stream(logGroupName=self._group, logStreamName=self._stream)
            except errors.ResourceNotFoundException:
                self._client.create_log_group(logGroupName=self._group)
                self._client.create_log_stream(logGroupName=self._group, logStreamName=self._stream)

    def _batch(self) -> list[Event]:
        """Return the waiting events, at least one; none at the end."""
        batch: list[Event] = []
        size = 0
        while len(batch) < BATCH_EVENTS and size < BATCH_BYTES - EVENT_BYTES:
            try:
                event = self._waiting.get(block=not batch)
            except queue.Empty:
                break
            if event is None:
                self._waiting.put(None)
                break
            batch.append(event)
            size += len(event["message"].encode()) + _OVERHEAD
        return batch
