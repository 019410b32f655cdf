"""`on-failure`: what follows a failed phase.

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
    """`pattern` chooses the failures that are tried again, up to `retries` times; the rest ends the build."""

    action: Literal["ABORT", "CONTINUE", "RETRY"]
    retries: int = 0
    pattern: re.Pattern[str] | None = None

    def applies_to(self, said: str) -> bool:
        """Whether a phase that failed with `said` (its message and its output) is to be tried again."""
        return self.action == "RETRY" and (self.pattern is None or self.pattern.search(said) is not None)


def parse(text: str) -> OnFailure:
    """Read `RETRY-3-.*timed out.*` and the like. Raises ValueError that says what is allowed."""
    match text.upper():
        case "ABORT":
            return OnFailure("ABORT")
        case "CONTINUE":
            return OnFailure("CONTINUE")
    found = re.fullmatch(r"RETRY(?:-(?P<count>\d+))?(?:-(?P<pattern>.+))?", text, re.IGNORECASE | re.DOTALL)
    count = int(found["count"] or RETRIES) if found else 0
    if not found or count > MOST_RETRIES:
        raise ValueError(f"allowed are {ALLOWED}")
    try:
        return OnFailure("RETRY", count, re.compile(found["pattern"]) if found["pattern"] else None)
    except re.error as error:
        raise ValueError(f"{found['pattern']} is no regular expression: {error}") from error
