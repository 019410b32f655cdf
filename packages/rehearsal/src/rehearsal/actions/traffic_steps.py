"""The steps of a traffic shift: canary and linear."""

from __future__ import annotations

from collections.abc import Iterator


def canary_steps(percent: int, minutes: int) -> Iterator[tuple[int, float]]:
    """Yield the only step below 100 percent, as (percent for the new version, seconds until it gets the rest)."""
    yield percent, 60.0 * minutes


def linear_steps(percent: int, minutes: int) -> Iterator[tuple[int, float]]:
    """Yield each step below 100 percent, as (percent for the new version, seconds until the next step)."""
    for reached in range(percent, 100, percent):
        yield reached, 60.0 * minutes
