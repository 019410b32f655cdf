"""The times when the commands of a rehearsal's builds ran, from their logs; the rest is the rehearsal's own time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

_PHASE_START = re.compile(
    r"^\[Container\] (\S+ \S+) Entering phase (INSTALL|PRE_BUILD|BUILD|POST_BUILD)$", re.MULTILINE
)
_PHASE_END = r"^\[Container\] (\S+ \S+) Phase complete: {}\b"

Interval = tuple[float, float]


def intervals(log: str) -> Iterator[Interval]:
    """Yield the begin and end of each phase of commands, in seconds since 1970."""
    for phase in _PHASE_START.finditer(log):
        complete = re.compile(_PHASE_END.format(phase[2]), re.MULTILINE).search(log, phase.end())
        if complete:
            yield _seconds(phase[1]), _seconds(complete[1])


def union_seconds(phases: Iterable[Interval]) -> float:
    """Return for how many seconds at least one of the phases ran."""
    total, end = 0.0, float("-inf")
    for start, stop in sorted(phases):
        total += max(0.0, stop - max(start, end))
        end = max(end, stop)
    return total


def _seconds(text: str) -> float:
    return datetime.strptime(f"{text}+0000", "%Y/%m/%d %H:%M:%S.%f%z").timestamp()
