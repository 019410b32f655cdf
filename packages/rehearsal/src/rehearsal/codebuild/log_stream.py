"""A build's log stream in CloudWatch Logs, written in a separate thread so that the build never waits.

Source: Amazon CloudWatch Logs API reference, "PutLogEvents".
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_logs.type_defs import InputLogEventTypeDef

BATCH_EVENTS = 1000
BATCH_BYTES = 900_000  # the API's limit is 1 MiB, and each event counts 26 bytes more
EVENT_BYTES = 200_000
BATCH_SECONDS = 0.2  # a request takes the processor time of a hundred lines
CLOSE_SECONDS = 10.0
# A limit, because the embedded AWS keeps streams in memory, ten times as large. The log file has every line.
STREAM_BYTES = 10_000_000
_OVERHEAD = 26


class LogStream:
    """Writes lines to `stream` of `group`, and creates both where they are missing. `close` returns the last error."""

    def __init__(self, client: CloudWatchLogsClient, group: str, stream: str) -> None:
        self._client, self._group, self._stream = client, group, stream
        self._waiting: queue.Queue[InputLogEventTypeDef | None] = queue.Queue()
        self._failure, self._denial, self._room = "", "", STREAM_BYTES
        self._made = threading.Event()
        self._thread = threading.Thread(target=self._write, name=f"logs {stream}", daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        if self._room < 0:
            return
        text = line.encode(errors="replace")[:EVENT_BYTES].decode(errors="ignore")
        self._room -= len(text) + _OVERHEAD
        if self._room < 0:
            self._failure = (
                f"{self._group} takes {STREAM_BYTES // 1_000_000} MB of one build; the log file has the rest"
            )
            return
        # The API rejects events with an empty message.
        self._waiting.put({"timestamp": int(time.time() * 1000), "message": text or " "})

    def denial(self) -> str:
        """Wait until the stream is created, and return why the role may not do so; empty where it may."""
        self._made.wait(CLOSE_SECONDS)
        return self._denial

    def close(self) -> str:
        self._waiting.put(None)
        self._thread.join(CLOSE_SECONDS)
        return self._failure or (f"still being written after {CLOSE_SECONDS:.0f} s" if self._thread.is_alive() else "")

    def _write(self) -> None:
        try:
            self._make()
            self._made.set()
            while batch := self._batch():
                self._client.put_log_events(logGroupName=self._group, logStreamName=self._stream, logEvents=batch)
        except (ClientError, BotoCoreError) as error:
            self._failure = f"{self._group}: {error}"
            if isinstance(error, ClientError) and error.response["Error"]["Code"] == "AccessDeniedException":
                self._denial = error.response["Error"]["Message"]
        finally:
            self._made.set()

    def _make(self) -> None:
        """Create the stream; create the group only where it is missing, since a role may lack that permission."""
        errors = self._client.exceptions
        with contextlib.suppress(errors.ResourceAlreadyExistsException):
            try:
                self._client.create_log_stream(logGroupName=self._group, logStreamName=self._stream)
            except errors.ResourceNotFoundException:
                self._client.create_log_group(logGroupName=self._group)
                self._client.create_log_stream(logGroupName=self._group, logStreamName=self._stream)

    def _batch(self) -> list[InputLogEventTypeDef]:
        """Wait for an event, and return it with those of the next BATCH_SECONDS; an empty list at the end."""
        batch: list[InputLogEventTypeDef] = []
        size, event, deadline = 0, self._waiting.get(), time.monotonic() + BATCH_SECONDS
        while event is not None:
            batch.append(event)
            size += len(event["message"].encode()) + _OVERHEAD
            if len(batch) == BATCH_EVENTS or size >= BATCH_BYTES - EVENT_BYTES:
                return batch
            try:
                event = self._waiting.get(timeout=max(deadline - time.monotonic(), 0))
            except queue.Empty:
                return batch
        self._waiting.put(None)
        return batch
