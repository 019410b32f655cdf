"""The failed command of a build, cut out of the build's log and divided into the make targets that failed in it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

# Of more output than this, only the end is searched: a log of 100 MB is read without filling the memory.
LINES, LINE_LENGTH = 50_000, 2000
# Source: AWS CodeBuild user guide, "View build details": the agent's own lines begin with [Container].
_RUNNING = re.compile(r"^\[Container\] \S+ \S+ Running command (?P<command>.*)")
_FAILED = re.compile(r"^\[Container\] \S+ \S+ Command did not exit successfully (?P<command>.*) exit status \d+")
_CONTAINER = "[Container] "
# `make: *** [Makefile:62: unit-stacks] Error 1`; a make that make started says make[1].
_TARGET_FAILED = re.compile(r"^make(?:\[(?P<depth>\d+)\])?: \*\*\* \[(?:[^\]]*: )?(?P<target>[^\]:]+)\] ")
_OF_MAKE = re.compile(r"^make(?:\[\d+\])?: (?:\*\*\* Waiting|Entering|Leaving)")


@dataclass(frozen=True)
class FailedPart:
    """The output of a failed make target, and of the targets before it that succeeded.

    target: empty where make did not run, or does not say.
    """

    target: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class FailedCommand:
    """The first command of a build that failed. parts: in the order in which they failed; at least one."""

    command: str
    parts: tuple[FailedPart, ...]


def cut_failed_command(log: Iterable[str]) -> FailedCommand | None:
    """Return the first command that failed, with what it printed; None where no command did."""
    printed = deque[str](maxlen=LINES)
    for line in log:
        if _RUNNING.match(line):
            printed.clear()
        elif failed := _FAILED.match(line):
            return FailedCommand(failed["command"], divide(printed))
        elif not line.startswith(_CONTAINER):
            printed.append(line.rstrip("\r\n")[:LINE_LENGTH])
    return None


def divide(printed: Iterable[str]) -> tuple[FailedPart, ...]:
    """Divide the output of one command at make's reports of failed targets; without one, the whole is one part."""
    parts = list(_parts(printed))
    failed = tuple(part for part in parts if part.target)
    return failed or tuple(parts) or (FailedPart("", ()),)


def _parts(printed: Iterable[str]) -> Iterator[FailedPart]:
    lines, reported = list[str](), ""
    for line in printed:
        if match := _TARGET_FAILED.match(line):
            # the outer make reports the same failure again, by the name of its target
            if lines or not reported:
                yield FailedPart(match["target"], tuple(lines))
            lines, reported = [], match["target"]
        elif not _OF_MAKE.match(line):
            lines.append(line)
    if lines:
        yield FailedPart("", tuple(lines))


# A recipe that make prints before it runs it: variables, then one of the commands that builds of this kind call.
_ECHOED = re.compile(
    r"^(?!npm (?:error|ERR!|warn|notice))(?:[A-Za-z_]\w*=\S* )*(?:set -\w+; )?(?:for |test |\./|bin/|\.venv/bin/)?"
    r"(?:aws|bash|cdk|cfn-lint|delivery|eslint|jest|lambda-layers|lint-imports|make|mypy|node|npm|npx|poetry|pytest|python3?"
    r"|ruff|sh|tsc|uv|[\w-]+ in )(?: [^:]*)?$"
)
_TESTS_BEGIN = re.compile(r"^=+ (?:test session starts|FAILURES|ERRORS) =+$")
_TESTS_END = re.compile(r"^=* ?\d+ (?:failed|passed|errors?|deselected)\b.* in [\d.]+s")


def recipe_starts(lines: Sequence[str]) -> list[int]:
    """Return where the output of a recipe seems to begin, the last one first, and 0 at the end.

    What tests print looks like recipes too, and is left out.
    """
    starts, in_tests = [0], False
    for number, line in enumerate(lines):
        if _TESTS_BEGIN.match(line):
            in_tests = True
        elif in_tests:
            in_tests = not _TESTS_END.match(line)
        elif _ECHOED.match(line):
            starts.append(number)
    return starts[::-1]
