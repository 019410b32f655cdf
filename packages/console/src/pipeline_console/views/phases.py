"""The phases of a build, as its log marks them.

Source: AWS CodeBuild user guide, "Build phase transitions" and "View build details".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ENTERING = re.compile(r"^\[Container\] \S+ \S+ (?:Entering phase|Phase is) (?P<name>[A-Z_]+)")
_COMPLETE = re.compile(r"^\[Container\] \S+ \S+ Phase complete: (?P<name>[A-Z_]+) State: (?P<status>\w+)")
_FAILED = re.compile(r"^\[Container\] \S+ \S+ Command did not exit successfully")


@dataclass(frozen=True)
class Mark:
    """A section of a log. kind: begin, end (with its status), or failed: the line of the command that failed."""

    line: int
    kind: str
    name: str
    status: str = ""


def mark(number: int, line: str) -> Mark | None:
    """Return what a line marks; None for most."""
    if not line.startswith("[Container]"):
        return None
    if match := _ENTERING.match(line):
        return Mark(number, "begin", match["name"])
    if match := _COMPLETE.match(line):
        return Mark(number, "end", match["name"], match["status"])
    return Mark(number, "failed", "first failed command") if _FAILED.match(line) else None
