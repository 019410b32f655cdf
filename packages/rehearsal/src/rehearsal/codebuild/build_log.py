"""The log of a build, written to a file, a listener and CloudWatch Logs, with secrets masked in all of them."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import re
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from rehearsal.codebuild.model import PhaseResult

_KEY_PREFIXES = ("AKIA", "ASIA")
_ACCESS_KEY = re.compile(rf"\b(?:{'|'.join(_KEY_PREFIXES)})[A-Z0-9]{{16}}\b")
MASK = "***"
NOTE = "rehearsal: "
IN_IMAGE = "runs in the image"
_NOT_FOUND = "not found"
# The shells' messages for a command that does not exist: dash, bash.
_MISSING_COMMAND = re.compile(rf"(?:^|: )([\w.+-]+): (?:command )?{_NOT_FOUND}$")
# `read_notes` reads this much of a log: notes are written before the first command.
_NOTED_BYTES = 1 << 16


class Stream(Protocol):
    """A second destination of lines. `close` returns an error message, or an empty string."""

    def put(self, line: str) -> None: ...
    def close(self) -> str: ...
    def denial(self) -> str: ...


class BuildLog:
    """Writes the lines and phases of a build.

    file: lines are appended to it. on_line: called with each line. on_phase: called with the result of each phase.
    Source of the masking rules: AWS CodeBuild user guide, "Build specification reference", env.
    """

    def __init__(
        self,
        file: Path,
        on_line: Callable[[str], None],
        *,
        stream: Stream | None = None,
        on_phase: Callable[[PhaseResult], None] | None = None,
    ) -> None:
        self._file, self._on_line, self._stream = file.open("a", buffering=1, errors="replace"), on_line, stream
        self._on_phase = on_phase
        self._secrets: list[str] = []
        self._names: dict[str, str] = {}
        self._lock = threading.Lock()
        self._captured: list[str] | None = None
        self._lost = ""
        self._missing: set[str] = set()

    def hide(self, secrets: Iterable[str]) -> None:
        """Mask these texts from now on; each line of a text with several lines is masked."""
        lines = {line.strip() for secret in secrets for line in secret.splitlines()}
        self._secrets = sorted({*self._secrets, *lines} - {""}, key=len, reverse=True)

    def rename(self, path: str, name: str) -> None:
        """Replace a path of the rehearsal in the output of commands by its path on CodeBuild."""
        self._names[path] = name

    def report_missing(self, commands: Iterable[str]) -> None:
        """Write a note when the build first calls one of these commands, which the image has and this machine lacks."""
        self._missing = {*commands}

    def line(self, text: str) -> None:
        """Write a line that a command printed."""
        for path, name in self._names.items():
            text = text.replace(path, name)
        masked = self.masked(text)
        if self._captured is not None:
            self._captured.append(masked)
        self._write(masked)
        # The search takes as long as the rest of this function; hardly any line ends like this.
        if self._missing and masked.endswith(_NOT_FOUND):
            self._note_missing(masked)

    def _note_missing(self, line: str) -> None:
        if (match := _MISSING_COMMAND.search(line)) and match[1] in self._missing:
            self._missing.remove(match[1])
            self.note(f"the image has {match[1]}, this machine has not: install it, or run in the image with --image")

    def say(self, text: str) -> None:
        """Write a line of CodeBuild's agent, in its form."""
        now = dt.datetime.now(dt.UTC)
        self._write(self.masked(f"[Container] {now:%Y/%m/%d %H:%M:%S.%f} {text}"))

    def note(self, text: str) -> None:
        """Write a note of the rehearsal, on a difference from CodeBuild."""
        self.say(f"{NOTE}{text}")

    def phase(self, result: PhaseResult) -> None:
        """Write CodeBuild's two lines for the end of a phase."""
        self.say(f"Phase complete: {result.name} State: {result.status}")
        self.say(f"Phase context status code: {result.code} Message: {result.message}")
        if self._on_phase:
            self._on_phase(result)

    def _write(self, masked: str) -> None:
        with self._lock:
            try:
                self._file.write(f"{masked}\n")
            except OSError as error:  # a full disk: the build continues without its log file
                self._lost = str(error)
            if self._stream:
                self._stream.put(masked)
        self._on_line(masked)

    def masked(self, text: str) -> str:
        """Return the text with secrets and access key ids masked."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        # The search for the prefixes takes a tenth of the time of the expression.
        return _ACCESS_KEY.sub(MASK, text) if any(prefix in text for prefix in _KEY_PREFIXES) else text

    def capture_output(self, *, enabled: bool) -> list[str]:
        """Return a list to which the output of commands is appended until the next call; empty unless `enabled`."""
        output = list[str]()
        self._captured = output if enabled else None
        return output

    def denial(self) -> str:
        """Return why the build's role may not create its log stream; empty where it may, or needs none."""
        return self._stream.denial() if self._stream else ""

    def close(self) -> None:
        """Close all destinations; report the failure of one to the others."""
        failure = self._stream.close() if self._stream else ""
        self._stream = None
        if failure:
            self.note(f"the log in CloudWatch Logs is not whole: {failure}")
        if self._lost:
            self._on_line(f"rehearsal: the log is not whole: {self._lost}")
        with contextlib.suppress(OSError):
            self._file.close()


def read_notes(file: Path) -> list[str]:
    """Return the notes at the start of a build's or a source's log; an empty list without a log.

    The notes of a source are its first lines, without the time. Output of commands does not count.
    """
    try:
        with file.open("rb") as log:
            start = log.read(_NOTED_BYTES).decode(errors="replace")
    except OSError:
        return []
    first = itertools.takewhile(lambda line: line.startswith(NOTE), start.splitlines())
    timed = re.findall(rf"^\[Container\] \S+ \S+ {NOTE}(.*)$", start, re.MULTILINE)
    return [*(line.removeprefix(NOTE) for line in first), *timed]
