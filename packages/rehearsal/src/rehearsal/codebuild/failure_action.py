"""The key `on-failure`, which says what follows a failed phase.

Source: AWS CodeBuild user guide, "Build specification reference", phases/*/on-failure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

ALLOWED = "ABORT, CONTINUE, RETRY, RETRY-count (0 to 100), RETRY-regex, RETRY-count-regex"
RETRIES = 3
MOST_RETRIES = 100


@dataclass(frozen=True)
class OnFailure:
    """The `on-failure` setting of a phase. RETRY: at most `retries` times, and only failures that match `pattern`."""

    action: Literal["ABORT", "CONTINUE", "RETRY"]
    retries: int = 0
    pattern: re.Pattern[str] | None = None

    def applies_to(self, output: str) -> bool:
        """Return whether to retry a failed phase. output: its error message, and what its commands printed."""
        return self.action == "RETRY" and (self.pattern is None or self.pattern.search(output) is not None)


def parse(text: str) -> OnFailure:
    """Parse a value such as `RETRY-3-.*timed out.*`. Raises ValueError, whose text says what is allowed."""
    match text.upper():
        case "ABORT":
            return OnFailure("ABORT")
        case "CONTINUE":
            return OnFailure("CONTINUE")
    retry = re.fullmatch(r"RETRY(?:-(?P<count>\d+))?(?:-(?P<pattern>.+))?", text, re.IGNORECASE | re.DOTALL)
    count = int(retry["count"] or RETRIES) if retry else 0
    if not retry or count > MOST_RETRIES:
        raise ValueError(f"allowed are {ALLOWED}")
    try:
        return OnFailure("RETRY", count, re.compile(retry["pattern"]) if retry["pattern"] else None)
    except re.error as error:
        raise ValueError(f"{retry['pattern']} is not a regular expression: {error}") from error
