"""Log of policy decisions: one line per principal, action, resource and verdict, for `rehearse permissions`."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

# Bounds the memory of an embedded AWS that stays open: every execution brings decisions on new object keys.
REMEMBERED = 5000


@dataclass(frozen=True)
class Decision:
    """One verdict on a request.

    principal: ARN of a role or user. why: the policies that were evaluated, and what is missing; empty where allowed.
    """

    principal: str
    action: str
    resource: str
    allowed: bool
    why: str = ""


class Decisions:
    """Writes each decision once, unless it is older than the last REMEMBERED; without a file, in memory only.

    Thread-safe: actions check permissions in their workers, while requests are evaluated.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[Decision, None] = {}
        self._path: Path | None = None

    def append_to(self, path: Path) -> None:
        """Read the decisions in the file, and append to it from now on; an incomplete last line gets its line end."""
        for decision in read(path):
            self._remember(decision)
        self._path = path
        if path.exists() and not path.read_text().endswith("\n"):
            with path.open("a") as file:
                file.write("\n")

    def add(self, decision: Decision) -> None:
        with self._lock:
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
    """Yield every decision in the file, in order, without incomplete lines; nothing without the file."""
    for line in path.read_text().splitlines() if path.exists() else ():
        with contextlib.suppress(json.JSONDecodeError):
            yield Decision(**json.loads(line))


decisions = Decisions()
