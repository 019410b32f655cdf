"""Polling with a timeout, for results that take a while in AWS."""

import time
from collections.abc import Callable

LIMIT = 60.0
PAUSE, LONGEST_PAUSE = 0.25, 2.0


def until[Found](look: Callable[[], Found | None], *, sent: str, where: str, seen: Callable[[], object]) -> Found:
    """Return the result of `look` once it is not None. Raises AssertionError with the other texts after LIMIT."""
    end, pause = time.monotonic() + LIMIT, PAUSE
    while time.monotonic() < end:
        found = look()
        if found is not None:
            return found
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)  # searches of logs have a quota of a few a second, for the whole account
    raise AssertionError(f"sent {sent}\nlooked in {where} for {LIMIT:.0f} s\nthere was {seen()}")
