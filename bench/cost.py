"""The cost of a call: wall seconds, and processor seconds of the call and of all programs that it ran."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import NamedTuple


class Cost(NamedTuple):
    """Seconds; `processor` hardly depends on what else the machine does, `clock` does."""

    clock: float
    processor: float


def cost(call: Callable[[], object]) -> Cost:
    """Run it once."""
    processor, clock = _processor(), time.perf_counter()
    call()
    return Cost(time.perf_counter() - clock, _processor() - processor)


def _processor() -> float:
    own, ran = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + ran.ru_utime + ran.ru_stime
