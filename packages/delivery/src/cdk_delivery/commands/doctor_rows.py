"""One row of `doctor`: the check, its result, and the command that fixes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "unknown", "red"]


@dataclass(frozen=True)
class Row:
    """The result of one check. `unknown` means that the check could not decide; it does not make the command fail."""

    check: str
    state: State
    finding: str
    remedy: str = ""
