"""Log of policy decisions: one line per principal, action, resource and verdict, for `rehearse permissions`."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

# An embedded AWS that is kept open decides about new objects with every execution.
REMEMBERED = 5000


@dataclass(frozen=True)
class Decision:
    """principal: a role's or user's ARN. why: what a denial looked at, and what it lacked; empty where allowed."""

    principal: str
    action: str
    resource: str
    allowed: bool
    why: str = ""


class Decisions:
    """Writes each decision once, as long as it is among the last ones; without a file, in memory only."""

    def __init__(self) -> None:
        self._seen: dict[Decision, None] = {}
        self._path: Path | None = None

    def append_to(self, path: Path) -> None:
        """Go on with what the file holds, and append to it from now on, on a new line after one that was cut short."""
        for decision in read(path):
            self._remember(decision)
        self._path = path
        if path.exists() and not path.read_text().endswith("\n"):
            with path.open("a") as file:
                file.write("\n")

    def add(self, decision: Decision) -> None:
        if decision in self._seen:
            return
        self._remember(decision)
        if self._path:
            with self._path.open("a") as file:
                file.write(json.dumps(asdict(decision)) + "\n")

    def _remember(self, decision: Decision) -> None:
        self._seen[decision] = None
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]


def read(path: Path) -> Iterator[Decision]:
    """Every decision in the file, in order; none without the file. A line that a kill cut short is none."""
    for line in path.read_text().splitlines() if path.exists() else ():
        with contextlib.suppress(json.JSONDecodeError):
            yield Decision(**json.loads(line))


decisions = Decisions()
