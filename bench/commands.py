"""When the commands of a rehearsal's builds ran, from their logs; the rest of a run is the rehearsal's own."""

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
    """From when to when each phase of commands ran, in seconds of the clock."""
    for found in _PHASE_START.finditer(log):
        complete = re.compile(_PHASE_END.format(found[2]), re.MULTILINE).search(log, found.end())
        if complete:
            yield _seconds(found[1]), _seconds(complete[1])


def union_seconds(found: Iterable[Interval]) -> float:
    """For how many seconds at least one of them ran."""
    total, end = 0.0, float("-inf")
    for start, stop in sorted(found):
        total += max(0.0, stop - max(start, end))
        end = max(end, stop)
    return total


def _seconds(text: str) -> float:
    return datetime.strptime(f"{text}+0000", "%Y/%m/%d %H:%M:%S.%f%z").timestamp()
