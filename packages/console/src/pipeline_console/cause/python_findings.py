"""Errors that Python's tools print over many lines: failed tests, broken import contracts, uncaught exceptions."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from itertools import pairwise, takewhile

from pipeline_console.cause.model import Finding, Place

_LINES, _LINE_LENGTH = 20, 2000
_SECTION = re.compile(r"^=+ (?:FAILURES|ERRORS) =+$")
_TEST = re.compile(r"^_{3,} .+ _{3,}$")
_LOCATION = re.compile(r"^(?P<file>[^\s:]+\.py):(?P<line>\d+): (?:in |\w+)")
_ERROR = re.compile(r"^E   +(?P<message>\S.*)$")
# The id of a parametrized test may hold spaces and brackets; " - " and the message come after it.
_SUMMARY = re.compile(
    r"^(?:FAILED|ERROR) (?P<test>[^\s:]+\.py(?:::[^\s\[]+(?:\[.*?\](?= - |$))?)?)(?: - (?P<message>.*))?"
)
_FRAME = re.compile(r'^ +File "(?P<file>[^"<]+)", line (?P<line>\d+)')
_EXCEPTION = re.compile(r"^(?P<message>[A-Za-z_][\w.]*(?:: .+)?)$")
_TRACEBACK = "Traceback (most recent"
_CHAINED = ("During handling of the above exception", "The above exception was the direct cause")
_IMPORT = re.compile(r"^-? +(?P<importer>[\w.]+) -> +(?P<imported>[\w.]+) \(l\.(?P<line>\d+)")
_FOREIGN = ("site-packages", "/lib/python", "importlib._bootstrap")


def failed_test(lines: Sequence[str]) -> Finding | None:
    """Return pytest's first failure: the innermost line of the project's own code, and the assertion."""
    start = next((number for number, line in enumerate(lines) if _SECTION.match(line)), None)
    if start is None:
        return _summarized_test(lines)
    start += 1
    block = _until_next_test(lines, start)
    shown = list(takewhile(lambda line: not line.startswith("-----"), block))  # then comes what the test printed
    places = [match for line in shown if (match := _LOCATION.match(line)) and not _is_foreign(match["file"])]
    error = next((match["message"] for line in block if (match := _ERROR.match(line))), "a test failed")
    where = Place(places[-1]["file"], int(places[-1]["line"])) if places else Place()
    test = next((match["test"] for line in lines[start:] if (match := _SUMMARY.match(line))), "")
    return Finding(error, start, where, _cut(block), f"pytest {shlex.quote(test)}" if test else "")


def broken_contract(lines: Sequence[str]) -> Finding | None:
    """Return import-linter's first forbidden import, with the contract that it breaks."""
    heading = next((number for number, line in enumerate(lines) if line.strip() == "Broken contracts"), None)
    if heading is None:
        return None
    for number, (line, following) in enumerate(pairwise([*lines[heading:], ""]), heading):
        is_wrapped = line.rstrip().endswith("->")  # a long import has two lines
        if match := _IMPORT.match(f"{line} {following}" if is_wrapped else f"{line} "):
            start = next(above for above in range(number - 1, -1, -1) if lines[above].startswith("---")) - 1
            file = match["importer"].replace(".", "/") + ".py"
            message = f"{match['importer']} imports {match['imported']}: {lines[start]}"
            return Finding(message, start, Place(file, int(match["line"])), _cut(lines[start:]))
    return None


def uncaught_exception(lines: Sequence[str]) -> Finding | None:
    """Return the exception of the first traceback, at the innermost line of the project's own code.

    Of exceptions that were raised while others were handled, the last one.
    """
    begin = next((number for number, line in enumerate(lines) if line.startswith(_TRACEBACK)), None)
    if begin is None:
        return None
    place, finding = Place(), None
    for number, line in enumerate(lines[begin:], begin):
        if line.startswith(_TRACEBACK):
            begin, place, finding = number, Place(), None
        elif frame := _FRAME.match(line):
            if not _is_foreign(frame["file"]):
                place = Place(frame["file"], int(frame["line"]))
        elif finding and line and not line.startswith(_CHAINED):
            break
        elif not finding and (exception := _EXCEPTION.match(line)):
            finding = Finding(exception["message"], begin, place, _cut(lines[begin:]))
    return finding


def _summarized_test(lines: Sequence[str]) -> Finding | None:
    """Return the first line of pytest's short summary, where the failures themselves are not shown."""
    for number, line in enumerate(lines):
        if match := _SUMMARY.match(line):
            place, command = Place(match["test"].partition("::")[0]), f"pytest {shlex.quote(match['test'])}"
            return Finding(match["message"] or "a test failed", number, place, (line,), command)
    return None


def _until_next_test(lines: Sequence[str], start: int) -> Sequence[str]:
    ends = (
        number
        for number in range(start + 1, len(lines))
        if _TEST.match(lines[number]) or lines[number].startswith("=====")
    )
    return lines[start : next(ends, len(lines))]


def _is_foreign(file: str) -> bool:
    return any(part in file for part in _FOREIGN)


def _cut(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(line[:_LINE_LENGTH] for line in lines[:_LINES])
