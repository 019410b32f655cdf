"""Commands whose output is a log: each succeeds, or raises an error with the first error of the log."""

from __future__ import annotations

import collections
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from rehearsal.cause.failed_command import LINES
from rehearsal.cause.findings import first_finding, last_words
from rehearsal.host.cancellation import Cancellation
from rehearsal.host.checked_command import CommandFailed
from rehearsal.host.processes import Processes


def run_logged(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    stop: Cancellation | None = None,
) -> None:
    """Run `command` and write its output to a new log. Raises CommandFailed unless it exits with 0.

    The error has the first error of the output with its place, then the command, its status and the path of the log;
    its `output` has the last LINES lines.
    """
    with log.open("w", buffering=1) as file, Processes(lambda line: print(line, file=file)) as processes:
        result = processes.run(command, cwd=cwd, env=env, stop=stop)
    if result.returncode != 0:
        how = "was stopped" if result.ending == "stopped" else f"ended with {result.returncode}"
        with log.open(errors="replace") as file:
            lines = [line.rstrip("\n") for line in collections.deque(file, LINES)]
        text = [*_first_error(lines), f"`{shlex.join(command)}` {how}", f"the whole log: {log}"]
        raise CommandFailed("\n".join(text), "\n".join(lines))


def _first_error(lines: Sequence[str]) -> list[str]:
    """Return `message (place)`; the last line where no line has the form of an error, nothing without lines."""
    finding = first_finding(lines) or last_words(lines)
    if finding is None:
        return []
    where = "" if str(finding.place) in finding.message else f" ({finding.place})"
    return [f"{finding.message}{where}"]
