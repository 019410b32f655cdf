"""A build's log as a local file with an index of its lines: a log of 100 MB is read once, and shown in parts."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from array import array
from collections.abc import Iterator

from pipeline_console.errors import Problem, ReadFailed
from pipeline_console.reads.builds import build, lines, log_page, log_place
from pipeline_console.reads.client import Aws
from pipeline_console.views.ansi import plain
from pipeline_console.views.phases import Mark, mark

FOLLOW_SECONDS, UNWATCHED_SECONDS = 1.0, 20.0
MATCHES, LONGEST_LINE = 1000, 20_000
LARGEST = 1_000_000_000  # bytes of this machine's disk for one log


class LogFile:
    """Reads forwards in a thread as long as a browser asks, until the build has ended. Safe to use from threads."""

    def __init__(self, aws: Aws, build_id: str, region: str) -> None:
        self._aws, self._build_id, self._region = aws, build_id, region
        self._file = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - it is closed with the object
        self._starts, self._end, self._lock = array("Q"), 0, threading.Lock()
        self._token, self._asked, self._reading = "", 0.0, False
        self.marks: list[Mark] = []
        self.complete = False
        self.problem: Problem | None = None

    @property
    def total(self) -> int:
        """The number of lines that were read."""
        return len(self._starts)

    def ask(self) -> None:
        """Go on reading for a while; the first call starts it."""
        with self._lock:
            self._asked = time.monotonic()
            if self._reading or self.complete:
                return
            self._reading = True
        threading.Thread(target=self._read, name=f"log {self._build_id}", daemon=True).start()

    def lines(self, first: int, count: int) -> list[str]:
        """Return lines by their numbers, from 0."""
        with self._lock:
            last = min(first + count, len(self._starts))
            if first >= last:
                return []
            end = self._starts[last] if last < len(self._starts) else self._end
            self._file.seek(self._starts[first])
            content = self._file.read(end - self._starts[first])
        return [line[:LONGEST_LINE] for line in content.decode(errors="replace").split("\n")[: last - first]]

    def search(self, text: str) -> tuple[list[int], bool]:
        """Return the numbers of lines that hold the text, in any case, and whether there are more of them."""
        numbers: list[int] = []
        sought = text.casefold()
        for number, line in enumerate(self._all()):
            if sought in (plain(line) if "\x1b" in line else line).casefold():
                if len(numbers) == MATCHES:
                    return numbers, True
                numbers.append(number)
        return numbers, False

    def close(self) -> None:
        """Stop reading, and close the file, which frees its disk space."""
        self._asked, self.complete = 0.0, True
        with self._lock:
            self._file.close()

    def _all(self) -> Iterator[str]:
        first, step = 0, 5000
        while part := self.lines(first, step):
            yield from part
            first += step

    def _read(self) -> None:
        try:
            while not self.complete and time.monotonic() - self._asked < UNWATCHED_SECONDS:
                with contextlib.suppress(ValueError):  # the file was closed while it was read
                    self._read_to_the_end()
                if not self.complete:
                    time.sleep(FOLLOW_SECONDS)
        finally:
            self._reading = False

    def _read_to_the_end(self) -> None:
        """Read what is new. Whether the build has ended is asked before, so that its last lines are read."""
        try:
            details = build(self._aws, self._build_id, self._region)
            ended = bool(details.get("buildComplete"))
            group, stream = log_place(details)
            while True:
                page = log_page(self._aws, group, stream, self._token, self._region)
                self._append([line for event in page["events"] for line in lines(event["message"])])
                if self._end > LARGEST:
                    reason = f"the log has more than {LARGEST:,} bytes; the rest of it is in {group}, stream {stream}"
                    self.problem, self.complete = Problem("rejected", "logs:GetLogEvents", reason), True
                    return
                if page["nextForwardToken"] == self._token:
                    break
                self._token = page["nextForwardToken"]
            self.problem, self.complete = None, ended
        except ReadFailed as failed:
            self.problem = failed.problem

    def _append(self, new: list[str]) -> None:
        with self._lock:
            self._file.seek(self._end)
            for line in new:
                if section := mark(len(self._starts), line):
                    self.marks.append(section)
                self._starts.append(self._end)
                self._end += self._file.write(line.encode(errors="replace") + b"\n")


class LogFiles:
    """The logs that were opened last."""

    KEPT = 8

    def __init__(self, aws: Aws) -> None:
        self._aws, self._files, self._lock = aws, dict[tuple[str, str], LogFile](), threading.Lock()

    def of(self, build_id: str, region: str) -> LogFile:
        """Return the log of a build, which is read from now on."""
        with self._lock:
            key = (build_id, region)
            log = self._files.pop(key, None)
            if log is None:
                log = LogFile(self._aws, build_id, region)
            self._files[key] = log
            if len(self._files) > self.KEPT:
                self._files.pop(next(iter(self._files))).close()
        log.ask()
        return log

    def close(self) -> None:
        """Close every log."""
        with self._lock:
            while self._files:
                self._files.popitem()[1].close()
