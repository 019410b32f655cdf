"""The cost of a call: wall seconds, processor seconds and memory of the call and of all programs that it ran."""

from __future__ import annotations

import ctypes
import os
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from typing import NamedTuple

# Source: Linux manual page PR_SET_CHILD_SUBREAPER(2const).
_PR_SET_CHILD_SUBREAPER = 36


class Cost(NamedTuple):
    """Seconds: `processor` hardly depends on what else the machine does, `clock` does. `memory` is in bytes."""

    clock: float
    processor: float
    memory: int = 0


def cost(call: Callable[[], object]) -> Cost:
    """Run a call once in this process, and return its cost without memory."""
    processor, clock = _processor(), time.perf_counter()
    call()
    return Cost(time.perf_counter() - clock, _processor() - processor)


def build_cost(call: Callable[[], object]) -> Cost:
    """Run it once, in a separate process, so that `memory` is that of the largest program which the call ran.

    A program that needs less than this process, some 50 MB, counts as this process, because it starts as its copy.
    """
    with ProcessPoolExecutor(1, get_context("fork"), _set_call, (call,)) as pool:
        return pool.submit(_run_call).result()


_call: list[Callable[[], object]] = []


def _set_call(call: Callable[[], object]) -> None:
    _call[:] = [call]


def _run_call() -> Cost:
    _adopt_orphans()
    measured = cost(_call_and_wait)
    return measured._replace(memory=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)


def _adopt_orphans() -> None:
    """Become the parent of processes whose parent ends first, so that their processor seconds are counted.

    Python's compileall leaves such a process: it starts a server, and the server the processes that compile.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _call_and_wait() -> None:
    _call[0]()
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _processor() -> float:
    this_process, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return this_process.ru_utime + this_process.ru_stime + children.ru_utime + children.ru_stime
