"""Errors in the output of a command: the first one that a tool reports, with its place and its lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from pipeline_console.cause import python_findings
from pipeline_console.cause.model import Finding, Place

LINES, LINE_LENGTH = 20, 2000
# What a shell would run, of the texts that a message has in backticks. Messages come from the log of a build, so that
# a command that would run another one is not suggested.
_COMMAND = re.compile(
    r"`((?:aws|bin/|cdk|delivery|git|lambda-layers|make|mypy|npm|poetry|pytest|python|rehearse|ruff|uv) ?[^`;|&$<>]*)`"
)
# The role of a bootstrap that does not exist. Source: github.com/aws/aws-cdk issues 9747 and 22489.
_NO_BOOTSTRAP = re.compile(
    r"(?:invalid principal|perform AssumeRole on role).*:role/cdk-\S+-role-(?P<account>\d{12})-(?P<region>[a-z-]+-\d)",
    re.IGNORECASE,
)
_FILE = r"(?P<file>(?:[\w@.+-]+/)*[\w@.+-]*\.\w+)"
_NOT_AN_ERROR = re.compile(r"^(?:warning|note|info|hint|\w*Warning)\b", re.IGNORECASE)

# An event of a stack in the output of `cdk deploy`; the events after it are those of the rollback.
# A literal text after `.*` is found in a tenth of the time of a `\b`.
_STACK_EVENT = re.compile(r"^.*_FAILED +\| (?:AWS|Custom)::\S+ +\| (?P<construct>\S+)(?: \(\w+\))? (?P<message>.+)$")
# The first line of an error, and the line after it where the tool writes the place there.
_FORMS: tuple[tuple[re.Pattern[str], re.Pattern[str] | None], ...] = (
    # ruff, and compilers that point with an arrow
    (re.compile(r"^(?P<message>\S.*)$"), re.compile(rf"^ +--> {_FILE}:(?P<line>\d+)")),
    # cfn-lint
    (re.compile(r"^E\d{4} (?P<message>.+)$"), re.compile(rf"^{_FILE}:(?P<line>\d+):\d+$")),
    # an uncaught exception of Node.js
    (re.compile(r"^(?P<message>(?:Uncaught )?\w*Error(?: \[\w+\])?: .+)$"), re.compile(r"^ +at .+$")),
    # the CDK CLI's report of validations, cdk-nag among them
    (re.compile(r"^ERROR (?P<message>.+)$"), re.compile(r"^   (?P<construct>[^\s/]+/\S+)")),
    # an annotation of a construct
    (re.compile(r"^\[Error at /?(?P<construct>[^\]]+)\] (?P<message>.+)$"), None),
    (_STACK_EVENT, None),
    # mypy, gcc, eslint: FILE:LINE:COLUMN: error: MESSAGE
    (re.compile(rf"^{_FILE}:(?P<line>\d+)(?::\d+)?(?::| -) error:? (?P<message>.+)$"), None),
    # tsc: FILE(LINE,COLUMN): error TS2322: MESSAGE
    (re.compile(rf"^{_FILE}\((?P<line>\d+),\d+\): error (?P<message>.+)$"), None),
    # TOOL: FILE:LINE: MESSAGE
    (re.compile(rf"^(?:[a-z][\w-]*: )?{_FILE}:(?P<line>\d+): (?P<message>.+)$"), None),
    # TOOL: PATH/OF/CONSTRUCT: MESSAGE
    (re.compile(r"^[a-z][\w-]*: (?P<construct>[A-Z][\w.-]*(?:/[\w.-]+)+): (?P<message>.+)$"), None),
    # settings: FILE KEY: got VALUE; what is allowed
    (re.compile(rf"^(?:[a-z][\w-]*: )?{_FILE}:? (?P<message>\S.*: got .+)$"), None),
    # TOOL: FILE: MESSAGE
    (re.compile(rf"^[a-z][\w-]*: {_FILE}: (?P<message>.+)$"), None),
    # TOOL: red: MESSAGE
    (re.compile(r"^[a-z][\w-]*: (?:red|error|failed): (?P<message>.+)$"), None),
    (re.compile(r"^(?:❌ .*failed: |✘ \[ERROR\] |error: |Error: |fatal: |ERROR: |npm error )(?P<message>.+)$"), None),
    # Yarn 1
    (re.compile(r"^error (?!Command failed )(?P<message>.+)$"), None),
    (re.compile(r"^(?P<message>.*is not authorized to perform: .+)$"), None),
)
# What tools print after the error itself: which command had failed, and how many errors there were.
_TRAILER = re.compile(
    r"^(?:$|make(?:\[\d+\])?:|.*Subprocess exited with error|Synthesis finished with errors|Found \d+ error|\d+ file"
    r"|error Command failed |info Visit https://yarnpkg)"
)


def first_finding(lines: Sequence[str]) -> Finding | None:
    """Return the first error that a known tool reports in these lines; None without one."""
    findings = [finding for search in _SEARCHES if (finding := search(lines))]
    return min(findings, key=lambda finding: finding.start, default=None)


def last_words(lines: Sequence[str]) -> Finding | None:
    """Return the last line that says something, as the message of a tool that is not known."""
    numbers = [number for number, line in enumerate(lines) if not _TRAILER.match(line)]
    if not numbers:
        return None
    message = lines[numbers[-1]].strip()
    start = max(0, numbers[-1] + 1 - LINES)
    return Finding(message, numbers[-1], _named_file(message), excerpt(lines, start), suggested_command(message))


def excerpt(lines: Sequence[str], start: int) -> tuple[str, ...]:
    """Return the lines from there on, not more than a screen shows."""
    shown = [line[:LINE_LENGTH] for line in lines[start : start + LINES]]
    while shown and not shown[-1].strip():
        shown.pop()
    return tuple(shown)


def suggested_command(message: str) -> str:
    """Return the command that a message has in backticks, or that bootstraps what it misses; else nothing."""
    if missing := _NO_BOOTSTRAP.search(message):
        return f"cdk bootstrap aws://{missing['account']}/{missing['region']}"
    suggested = _COMMAND.findall(message)
    return suggested[-1] if suggested else ""


def _by_form(lines: Sequence[str]) -> Finding | None:
    return next(_matches(lines), None)


def _matches(lines: Sequence[str]) -> Iterator[Finding]:
    for number, (line, after) in enumerate(pairwise([*lines, ""])):
        for first, second in _FORMS:
            match, place = first.match(line), second.match(after) if second else None
            if not match or (second and not place) or _NOT_AN_ERROR.match(match["message"]):
                continue
            groups = match.groupdict() | (place.groupdict() if place else {})
            where = _place(groups) if groups.keys() > {"message"} else _named_file(groups["message"])
            message = groups["message"]
            shown = excerpt(lines if first is not _STACK_EVENT else lines[: number + 1], number)
            yield Finding(message, number, where, shown, suggested_command(message))


def _place(groups: dict[str, str | None]) -> Place:
    line = groups.get("line")
    return Place(groups.get("file") or "", int(line) if line else None, groups.get("construct") or "")


def _named_file(message: str) -> Place:
    """Return the file that a message begins with or speaks of first."""
    match = re.search(rf"(?:^|[\s`'\"]){_FILE}(?::(?P<line>\d+))?(?=[\s`'\":;,]|$)", message)
    return _place(match.groupdict()) if match and re.search(r"\.[a-z]{2,5}$", match["file"]) else Place()


_SEARCHES: tuple[Callable[[Sequence[str]], Finding | None], ...] = (
    _by_form,
    python_findings.failed_test,
    python_findings.broken_contract,
    python_findings.uncaught_exception,
)
